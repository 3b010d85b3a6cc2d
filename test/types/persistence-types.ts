/** What `durableState` and `eventSourced` must and must not accept; compiled, never run. */
import {
  type ActorDefinition,
  ask,
  durableState,
  eventSourced,
  protocol,
  tell,
} from "../../index.ts";

const Account = protocol("account@1", {
  deposit: ask<number, number>(),
  note: tell<string>(),
});

const stored: ActorDefinition<typeof Account.operations, { readonly owner: string }> = durableState(
  Account,
  {
    version: 2,
    initial: (input: { readonly owner: string }) => ({ owner: input.owner, balance: 0 }),
    migrate: { 1: (old: { readonly balance: number }) => ({ owner: "", ...old }) },
    id: (input) => input.owner,
  },
  {
    deposit: (ctx, amount) => {
      ctx.state.balance += amount;
      // @ts-expect-error the state has no such field
      ctx.state.total = 1;
      // @ts-expect-error nor is there a way to persist events
      ctx.persist(1);
      return ctx.state.balance;
    },
    note: (ctx, text) => {
      ctx.state.owner = text;
    },
  },
);

type Event = { readonly type: "deposited"; readonly amount: number } | { readonly type: "noted" };

const sourced: ActorDefinition<typeof Account.operations, undefined> = eventSourced(
  Account,
  {
    version: 1,
    initial: () => ({ balance: 0 }),
    apply: (state, event: Event) =>
      event.type === "deposited" ? { balance: state.balance + event.amount } : state,
    id: "account",
  },
  {
    deposit: (ctx, amount) => {
      ctx.persist({ type: "deposited", amount });
      // @ts-expect-error no event of this actor
      ctx.persist({ type: "withdrawn", amount });
      // @ts-expect-error the state changes through events
      ctx.state = { balance: 1 };
      return ctx.state.balance;
    },
    note: (ctx) => {
      ctx.persist({ type: "noted" }, { type: "noted" });
    },
  },
);

const lacking = durableState(
  Account,
  { version: 1, initial: () => 0 },
  // @ts-expect-error there is no handler for note
  { deposit: (ctx) => ctx.state },
);

export const all: readonly object[] = [stored, sourced, lacking];
