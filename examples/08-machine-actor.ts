/** A state machine as a supervised actor: it asks another actor, tries again, and ends with an output. */
import { type Ask, actor, ask, createSystem, machineActor, type Protocol, protocol } from "troupe";
import { assign, fromPromise, setup } from "xstate";

interface Sum {
  readonly cents: number;
}

const Till: Protocol<{ readonly charge: Ask<Sum, string> }> = protocol("till@1", {
  charge: ask<Sum, string>(),
});
const till = actor(Till, () => ({ calls: 0 }), {
  charge: (ctx, { cents }) => {
    ctx.state.calls++;
    return ctx.state.calls === 1 ? ctx.fail("closed") : `receipt for ${cents} cents`;
  },
});

const orderMachine = setup({
  types: {
    input: {} as { readonly customer: string },
    context: {} as { readonly customer: string; readonly cents: number; readonly receipt: string },
    events: {} as { readonly type: "add"; readonly cents: number } | { readonly type: "pay" },
    output: {} as string,
  },
  // What needs the actor is provided below; on its own the machine can still be drawn and tested.
  actors: { charge: fromPromise<string, Sum>(() => Promise.reject(new Error("no till"))) },
}).createMachine({
  id: "order",
  context: ({ input }) => ({ customer: input.customer, cents: 0, receipt: "" }),
  initial: "open",
  states: {
    open: {
      on: {
        add: { actions: assign({ cents: ({ context, event }) => context.cents + event.cents }) },
        pay: "paying",
      },
    },
    paying: {
      invoke: {
        src: "charge",
        input: ({ context }) => ({ cents: context.cents }),
        onDone: { target: "paid", actions: assign({ receipt: ({ event }) => event.output }) },
        onError: "waiting",
      },
    },
    waiting: { after: { 20: "paying" } },
    paid: { type: "final" },
  },
  output: ({ context }) => `${context.customer}: ${context.receipt}`,
});

const order = machineActor(orderMachine, {
  provide: (ctx) => ({
    actors: {
      charge: fromPromise<string, Sum>(({ input, signal }) =>
        ctx.refOf(Till, "local/till").ask("charge", input, { signal }),
      ),
    },
  }),
});

const system = createSystem();
system.spawn(till, { name: "till" });
const ref = system.spawn(order, { name: "order", input: { customer: "Ada" } });
ref.tell("add", { cents: 250 });
ref.tell("add", { cents: 170 });
process.stdout.write(`${JSON.stringify(await ref.ask("snapshot"))}\n`);
ref.tell("pay");
await ref.ask("until", { state: "waiting" }, { timeout: "5s" });
process.stdout.write("the till is closed\n");
process.stdout.write(`${await ref.ask("output", undefined, { timeout: "5s" })}\n`);
await system.shutdown();
