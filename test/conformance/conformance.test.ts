import t from "tap";
import type { DurableQueue } from "../../runtime/ports/durable-queue.ts";
import type { KeyValue, KeyValues } from "../../runtime/ports/key-value.ts";
import { startServer } from "../cluster/server-under-test.ts";
import { conforms } from "./conformance.ts";
import { compareMany } from "./many-plans.ts";
import type { PortsUnderTest } from "./ports-under-test.ts";
import { serverPorts } from "./server-ports.ts";
import { simulatedPorts } from "./simulated-ports.ts";

const COMMANDS = 2_000;
const AT_ONCE = 40;

t.setTimeout(400_000);

t.test("The simulated NATS", async (t) => {
  t.test(`agrees with the real one in ${COMMANDS} commands of random plans`, async (t) => {
    const { server, end } = await startServer();
    t.teardown(end);
    const result = await compareMany({
      other: (spans) => serverPorts(server.url, spans),
      seed: Number(process.env["TROUPE_SEED"] ?? 1),
      commands: COMMANDS,
      atOnce: AT_ONCE,
    });
    t.strictSame(
      result.differences.map(({ message }) => message),
      [],
    );
    t.ok(result.commands >= COMMANDS, `${result.commands} commands`);
    // Plans that never meet anything would agree, too.
    const met = [
      ...["ack: fresh", "ack: stale", "nak: stale", "bury: fresh"],
      ...["publish: duplicate", "publish: full", "pull: none", "pull: some", "arm: armed"],
      ...["create: refused", "update: ok", "update: refused", "commit: ok", "commit: refused"],
      ...["append: refused", "follow: follows", "purge: purged", "watch: watches"],
      "reconnect: connected",
    ];
    t.strictSame(
      met.filter((kind) => !result.kinds.has(kind)),
      [],
    );
  });

  t.test("agrees with itself", async (t) => {
    const other = async (...[spans]: Parameters<typeof simulatedPorts>) => simulatedPorts(spans);
    const result = await compareMany({ other, seed: 1, commands: 3_000, atOnce: 1 });
    t.strictSame([result.differences.length, result.late], [0, 0]);
  });

  for (const [bug, plant] of Object.entries(plantedBugs())) {
    t.test(`is told apart from one in which ${bug}`, async (t) => {
      const seeds = Array.from({ length: 40 }, (_, n) => n + 1);
      const messages: string[] = [];
      for (const seed of seeds) {
        if (messages.length > 0) break;
        await conforms(async (spans) => plant(simulatedPorts(spans)), seed).catch((thrown: Error) =>
          messages.push(thrown.message),
        );
      }
      const [message = ""] = messages;
      t.match(message, /^simulated: .*\nreal: {6}.*\nplan: \[\[.*\]\]\nagain: npm run conform/m);
    });
  }
});

/** Ports that are wrong in one way. */
function plantedBugs(): Readonly<Record<string, (ports: PortsUnderTest) => PortsUnderTest>> {
  return {
    "an id is never known again": (ports) =>
      withQueue(ports, (queue) => ({
        publish: async (task) => {
          const published = await queue.publish(task);
          return published === "duplicate" ? "accepted" : published;
        },
      })),
    "acknowledgements are fenced": (ports) => {
      const newest = new Map<string, number>();
      return withQueue(ports, (queue) => ({
        pull: async (capability, options) => {
          const deliveries = await queue.pull(capability, options);
          for (const { task, deliveries: nth } of deliveries) newest.set(task.id, nth);
          return deliveries.map((delivery) => ({
            task: delivery.task,
            deliveries: delivery.deliveries,
            working: () => delivery.working(),
            nak: (delayMs) => delivery.nak(delayMs),
            ack: async () => {
              if (newest.get(delivery.task.id) === delivery.deliveries) await delivery.ack();
            },
          }));
        },
      }));
    },
    "the delay of what is put back is ignored": (ports) =>
      withQueue(ports, (queue) => ({
        pull: async (capability, options) =>
          (await queue.pull(capability, options)).map((delivery) => ({
            task: delivery.task,
            deliveries: delivery.deliveries,
            working: () => delivery.working(),
            nak: () => delivery.nak(0),
            ack: () => delivery.ack(),
          })),
      })),
    "an update removes the time to live": (ports) =>
      withBuckets(ports, (bucket) => ({
        update: (key, value, expected) => bucket.update(key, value, expected),
      })),
    "a batch is written one by one": (ports) =>
      withBuckets(ports, (bucket) => ({
        commit: async (writes) => {
          let last = await bucket.commit(writes.slice(0, 1));
          for (const write of writes.slice(1)) if (last.ok) last = await bucket.commit([write]);
          return last.ok ? last : { ok: false, conflict: { current: undefined } };
        },
      })),
    "watches are silent": (ports) => withBuckets(ports, () => ({ watch: async () => () => {} })),
  };
}

function withQueue(
  ports: PortsUnderTest,
  change: (queue: DurableQueue) => Partial<DurableQueue>,
): PortsUnderTest {
  const { queue } = ports;
  const changed: DurableQueue = {
    publish: (task) => queue.publish(task),
    pull: (capability, options) => queue.pull(capability, options),
    deadLetter: (task, history) => queue.deadLetter(task, history),
    deadLetters: (capability, limit) => queue.deadLetters(capability, limit),
    ...change(queue),
  };
  return { ...ports, queue: changed };
}

function withBuckets(
  ports: PortsUnderTest,
  change: (bucket: KeyValue) => Partial<KeyValue>,
): PortsUnderTest {
  const { keyValues } = ports;
  const changed: KeyValues = {
    open: async (name, options) => {
      const bucket = await keyValues.open(name, options);
      return {
        bucket: bucket.bucket,
        get: (key) => bucket.get(key),
        create: (key, value, more) => bucket.create(key, value, more),
        update: (key, value, expected, more) => bucket.update(key, value, expected, more),
        put: (key, value) => bucket.put(key, value),
        delete: (key, expected) => bucket.delete(key, expected),
        commit: (writes) => bucket.commit(writes),
        entries: (filter) => bucket.entries(filter),
        watch: (filter, listener) => bucket.watch(filter, listener),
        ...change(bucket),
      };
    },
  };
  return { ...ports, keyValues: changed };
}
