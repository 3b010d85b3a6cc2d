/** The server's power is cut while everything durable is written, as `troupe nats init` sets it up and otherwise. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "nats";
import t from "tap";
import { freePorts } from "../../cluster/nats-server/free-port.ts";
import { startNode } from "../../cluster/node/start-node.ts";
import { writeServerFolder } from "../../cluster/security/server-folder.ts";
import { plannedServers } from "../../cluster/security/server-plan.ts";
import { silentLog } from "../../runtime/log.ts";
import { systemRandom } from "../../runtime/ports/random.ts";
import { until } from "./test-server.ts";
import { canTrace, startTracedServer } from "./traced-server.ts";

t.setTimeout(240_000);

const LEAST = 25;
const WITHIN_MS = 90_000;

const traced = canTrace() ? {} : { skip: "there is no strace(1) to follow writes with" };

t.test("a power cut", traced, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "troupe-power-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const [port = 0, other = 0] = await freePorts(2, systemRandom());

  await t.test("of a server of troupe nats init loses nothing that was acknowledged", async (t) => {
    const [planned] = plannedServers(1, ["127.0.0.1"], port);
    if (planned === undefined) throw new Error("no server was planned");
    const set = await writeServerFolder({
      folder: join(folder, "nats"),
      servers: [{ ...planned, monitorPort: -1 }],
      environments: {
        power: [
          { role: "node", name: "n1" },
          { role: "node", name: "n2" },
        ],
      },
      tls: false,
      maxFileBytes: 2 ** 28,
      maxMemoryBytes: 2 ** 26,
      nowMs: Date.now(),
    });
    const server = await startTracedServer({
      config: set.configs[0]?.file ?? "",
      store: join(set.folder, "store-s1"),
      folder,
      port,
    });
    t.teardown(() => server.end());
    const begin = (name: string) => {
      const nkey = set.users.find((user) => user.name === name)?.seedFile ?? "";
      const of = { name, cluster: "power", nats: set.url, credentials: { nkey } };
      return startNode({ ...of, log: silentLog, env: {}, lease: "30s" });
    };
    const before = await begin("n1");
    const { keyValues, eventLogs, tasks, reminders } = before.system.ports;
    if (eventLogs === undefined || reminders === undefined)
      throw new Error("no logs, no reminders");
    const bucket = await keyValues.open("kept");
    const log = await eventLogs.open("kept");
    const reminder = { type: "lamp", key: "k", id: "1", operation: "on" } as const;
    const off = new AbortController();
    /** Writes one after the other until the power is off; keeps what was acknowledged. */
    const writing = (write: (n: number) => Promise<unknown>): readonly number[] => {
      const kept: number[] = [];
      void (async () => {
        for (let n = 0; !off.signal.aborted; n++) {
          await write(n);
          if (!off.signal.aborted) kept.push(n);
        }
      })().catch(() => {});
      return kept;
    };
    const kept = {
      values: writing((n) => bucket.create(`k${n}`, n)),
      events: writing((n) => log.append([n])),
      tasks: writing((n) => tasks.submit({ id: `t.${n}`, capability: "t@1", input: n })),
      reminders: writing((n) =>
        reminders.arm({ ...reminder, name: `r${n}`, schedule: { kind: "once" } }, Date.now()),
      ),
    };
    const all = Object.values(kept);
    await until("all is written", () => all.every((of) => of.length >= LEAST), WITHIN_MS);
    off.abort();
    await server.cut();
    await before.stop({ deadline: "1s" });

    await server.restart();
    const after = await begin("n2");
    t.teardown(() => after.stop({ deadline: "5s" }));
    const { ports } = after.system;
    const values = await (await ports.keyValues.open("kept")).entries(">");
    const lost = (of: readonly number[], found: ReadonlySet<unknown>) =>
      of.filter((n) => !found.has(n));
    t.same(lost(kept.values, new Set(values.map(({ value }) => value))), [], "values");
    const entries = (await (await ports.eventLogs?.open("kept"))?.read(1)) ?? [];
    t.same(lost(kept.events, new Set(entries.map(({ event }) => event))), [], "events");
    const done = new Set<unknown>();
    const worker = ports.tasks.work("t@1", async ({ input }) => {
      done.add(input);
    });
    const reminded = new Set<unknown>();
    const cancel = await ports.reminders?.listen("lamp", async (due) => {
      await due.ack();
      reminded.add(Number(due.reminder.name.slice(1)));
    });
    await until("all tasks are done", () => lost(kept.tasks, done).length === 0, WITHIN_MS);
    await until("all is reminded of", () => lost(kept.reminders, reminded).length === 0, WITHIN_MS);
    t.pass(`${all.map((of) => of.length).join(", ")} writes`);
    cancel?.();
    await worker.drain();
  });

  await t.test("of a server that syncs later loses it, which is why", async (t) => {
    const store = join(folder, "store");
    const config = join(folder, "plain.conf");
    await writeFile(
      config,
      JSON.stringify({ listen: `127.0.0.1:${other}`, jetstream: { store_dir: store } }),
    );
    const server = await startTracedServer({ config, store, folder, port: other });
    t.teardown(() => server.end());
    const servers = `127.0.0.1:${other}`;
    const before = await connect({ servers, reconnect: false });
    await (await jetstreamManager(before)).streams.add({ name: "S", subjects: ["s"] });
    for (let n = 0; n < LEAST; n++) await jetstream(before).publish("s", `${n}`);
    t.ok((await server.cut()) > 0);
    await before.close();
    await server.restart();
    const after = await connect({ servers });
    const { state } = await (await jetstreamManager(after)).streams.info("S");
    t.equal(state.messages, 0, `all ${LEAST} were acknowledged`);
    await after.close();
  });
});
