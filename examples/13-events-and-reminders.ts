/** An account that is the sum of its events, and reminds itself: what it was told survives its end. */
import { ask, createSystem, eventSourced, protocol, tell, virtual } from "troupe";

const Account = protocol("account@1", {
  deposit: ask<number, number>(),
  history: ask<undefined, string[]>(),
  closeSoon: ask<undefined, undefined>(),
  close: tell(),
});

type Event = { type: "deposited"; amount: number } | { type: "closed" };

const account = eventSourced(
  Account,
  {
    version: 1,
    initial: () => ({ balance: 0, history: [] as string[] }),
    apply: (state, event: Event) =>
      event.type === "deposited"
        ? {
            balance: state.balance + event.amount,
            history: [...state.history, `deposited ${event.amount}`],
          }
        : { ...state, history: [...state.history, "closed"] },
  },
  {
    deposit: (ctx, amount) => {
      if (amount <= 0) return ctx.fail("not-an-amount", amount);
      ctx.persist({ type: "deposited", amount });
      return ctx.state.balance; // leaves once the event is stored
    },
    history: (ctx) => ctx.state.history,
    closeSoon: async (ctx) => {
      await ctx.reminders.set("close", { after: "100ms" }, "close");
      return undefined;
    },
    close: (ctx) => ctx.persist({ type: "closed" }),
  },
);

const system = createSystem({ actors: [virtual(account, { passivateAfter: "20ms" })] });
const ada = system.actorOf(Account, "ada");
await ada.ask("deposit", 30);
process.stdout.write(`balance: ${await ada.ask("deposit", 12)}\n`);
await ada.ask("closeSoon");

// By then nobody has spoken to it for a while, and it is activated again to be reminded.
let history: string[] = [];
while (!history.includes("closed")) {
  await new Promise((resolve) => setTimeout(resolve, 150));
  history = await ada.ask("history");
}
process.stdout.write(`${history.join(", ")}\n`);
await system.shutdown();
