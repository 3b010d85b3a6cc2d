/** A supervisor's child lives on another node, and is started again elsewhere when that node goes. */
import {
  type ActorRegistration,
  type Ask,
  actor,
  ask,
  type Protocol,
  protocol,
  spawnable,
  startNode,
} from "troupe";

const Worker: Protocol<{ readonly where: Ask<undefined, string> }> = protocol("worker@1", {
  where: ask<undefined, string>(),
});
const worker = actor(Worker, () => undefined, {
  where: (ctx) => ctx.ports.membership.self.name,
});

// In the module of every node that may run it.
const actors: readonly ActorRegistration[] = [spawnable(worker, { restart: "permanent" })];

const lead = await startNode({ name: "lead", actors });
const hosts = await Promise.all(
  ["x", "y"].map((name) => startNode({ name, roles: ["hosts"], nats: lead.natsUrl, actors })),
);

const child = lead.spawn(worker, { name: "w1", placement: "role:hosts", restart: "permanent" });
const before = await child.ask("where", undefined, { timeout: "20s" });
process.stdout.write(`it lives on a host: ${before === "x" || before === "y"}\n`);

await hosts.find(({ name }) => name === before)?.stop();
const after = await child.ask("where", undefined, { timeout: "20s" });
process.stdout.write(`now on another: ${after !== before}\n`);

// What is to outlive every node is started by the root supervisor.
await lead.root.start({ actor: "worker", protocol: Worker, name: "w2", placement: "spread" });
const [kept] = await lead.root.list(); // its name, type, placement, address and restarts
await lead.root.stop("w2");
process.stdout.write(`the root kept ${kept?.name}\n`);

// What a node knows of the others can be followed.
const up = lead.membership.select((members) =>
  members.filter(({ phase, roles }) => phase === "up" && roles.includes("hosts")),
);
const none = new Promise<void>((resolve) => {
  up.subscribe((members) => {
    if (members.length === 0) resolve();
  });
});
for (const host of hosts) await host.stop();
await none;
process.stdout.write("no host is left\n");
await lead.stop();
