/** Two nodes in one program: the first brings a nats-server along, the second joins it. */
import { actor, ask, protocol, startNode } from "troupe";

const Greeter = protocol("greeter@1", { greet: ask<string, string>() });
const greeter = actor(Greeter, (input: { hello: string }) => input, {
  greet: ({ state, self }, name) => `${state.hello}, ${name} (from ${self.address})`,
});

const first = await startNode({ name: "a" });
const second = await startNode({ name: "b", nats: first.natsUrl });
first.spawn(greeter, { name: "polite", input: { hello: "Good evening" } });

const polite = second.refOf(Greeter, "a/polite");
process.stdout.write(`${await polite.ask("greet", "Ada", { timeout: "5s" })}\n`);

await second.stop();
await first.stop();
