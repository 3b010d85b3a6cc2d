/** A node's module: `troupe node` starts the actors that it exports as `children`. */
import { type Ask, actor, ask, type ChildSpec, child, type Protocol, protocol } from "troupe";

/** What a greeter is asked. */
export const Greeter: Protocol<{ readonly greet: Ask<string, string> }> = protocol("greeter@1", {
  greet: ask<string, string>(),
});

const greeter = actor(Greeter, (input: { hello: string }) => input, {
  greet: ({ state, self }, name) => `${state.hello}, ${name} (from ${self.address})`,
});

/** One polite greeter, started again whatever ends it. */
export const children: readonly ChildSpec[] = [
  child(greeter, { name: "polite", input: { hello: "Good evening" }, restart: "permanent" }),
];
