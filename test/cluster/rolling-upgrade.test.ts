/** Nodes of two releases: the first, which reads nothing but what every release does, and this one. */
import t from "tap";
import { openConnection } from "../../cluster/connections.ts";
import { connect } from "../../cluster/ingress/client.ts";
import type { Node } from "../../cluster/node/node.ts";
import { startNode } from "../../cluster/node/start-node.ts";
import { frameSubject } from "../../cluster/wire/node-subject.ts";
import { pack } from "../../cluster/wire/packing.ts";
import type { ActorRef } from "../../runtime/actor-ref.ts";
import { child } from "../../runtime/index.ts";
import { silentLog } from "../../runtime/log.ts";
import { TroupeError } from "../../runtime/troupe-error.ts";
import { Parrot, type ParrotOperations, parrot } from "./fixtures/parrot.ts";
import { type NodeUnderTest, phaseOf, rejected, startNodeProcess } from "./node-under-test.ts";
import { startTestServer, until } from "./test-server.ts";

const FIRST_RELEASE = { wireFeatures: [] } as const;
const WITHIN_MS = 60_000;
const LARGE = "x".repeat(1_000_000);
/** How an ask may end while its callee's node, or the gateway before it, is replaced. */
const MAY_END = /^(node\.|ask\.timeout|ask\.cancelled|actor\.not-found|actor\.stopped|stream\.)/;

async function up(node: Node, name: string, other: NodeUnderTest): Promise<void> {
  await until(`${name} is up`, () => phaseOf(node, name, other) === "up", WITHIN_MS);
}

/** Asks, streams and tells for as long as it is told to, and what became of each. */
class Load {
  readonly unsettled = new Set<string>();
  readonly surprises: string[] = [];
  readonly late: number[] = [];
  answered = 0;
  streamed = 0;
  told = 0;
  #on: boolean = true;
  readonly #loops: Promise<void>[] = [];

  start(name: string, ref: ActorRef<ParrotOperations>): void {
    this.#loops.push(this.#ask(name, ref), this.#stream(name, ref));
  }

  tells(ref: ActorRef<ParrotOperations>): void {
    this.#loops.push(
      (async () => {
        while (this.#on) {
          this.told++;
          ref.tell("hear", this.told);
          await new Promise((resolve) => setImmediate(resolve));
          await ref.ask("repeat", 0, { timeout: 5_000 }).catch(() => {});
        }
      })(),
    );
  }

  async stop(): Promise<void> {
    this.#on = false;
    await Promise.all(this.#loops);
  }

  async #ask(name: string, ref: ActorRef<ParrotOperations>): Promise<void> {
    for (let n = 1; this.#on; n++) {
      await this.#settled(`ask ${n} to ${name}`, async () => {
        const answer = await ref.ask("repeat", n, { timeout: 5_000 });
        if (answer !== n) this.surprises.push(`${name} answered ${String(answer)} to ${n}`);
        this.answered++;
      });
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #stream(name: string, ref: ActorRef<ParrotOperations>): Promise<void> {
    for (let n = 1; this.#on; n++) {
      await this.#settled(`stream ${n} of ${name}`, async () => {
        const stream = ref.stream("count", 100, { timeout: 5_000 });
        let chunks = 0;
        for await (const chunk of stream)
          if (chunk !== ++chunks)
            this.surprises.push(`${name}: chunk ${chunk} after ${chunks - 1}`);
        if ((await stream.result).total !== chunks) this.surprises.push(`${name}: a short stream`);
        this.streamed++;
      });
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #settled(what: string, run: () => Promise<void>): Promise<void> {
    this.unsettled.add(what);
    const startedMs = performance.now();
    try {
      await run();
    } catch (error) {
      const code = error instanceof TroupeError ? error.code : String(error);
      if (!MAY_END.test(code)) this.surprises.push(`${what}: ${code}`);
    }
    this.unsettled.delete(what);
    // The deadline and what a machine under load needs to notice it.
    if (performance.now() - startedMs > 20_000) this.late.push(performance.now() - startedMs);
  }
}

t.test("two releases", async (t) => {
  t.setTimeout(300_000);
  const server = await startTestServer();
  t.teardown(() => server.dispose());
  const nats = server.url;

  t.test(
    "replaces nodes one by one under load, and loses nothing beyond what G1 permits",
    async (t) => {
      const watcher = await startNode({
        name: "w",
        nats,
        log: silentLog,
        ingress: "closed",
        children: [child(parrot, { name: "parrot", mailbox: { capacity: 20_000 } })],
      });
      const old = {
        u1: await startNodeProcess({ name: "u1", nats, ...FIRST_RELEASE }),
        u2: await startNodeProcess({ name: "u2", nats, ...FIRST_RELEASE }),
      };
      await Promise.all([up(watcher, "u1", old.u1), up(watcher, "u2", old.u2)]);
      const client = await connect({ nats, log: silentLog });
      const load = new Load();
      load.start("u1", watcher.refOf(Parrot, "u1/parrot"));
      load.start("u2", watcher.refOf(Parrot, "u2/parrot"));
      // By way of a gateway of the old release to the new one, and later the other way round.
      load.start("w", client.refOf(Parrot, "w/parrot"));
      load.start("u2 by a gateway", client.refOf(Parrot, "u2/parrot"));
      load.tells(client.refOf(Parrot, "w/parrot"));
      const flows = async (what: string): Promise<void> => {
        const { answered, streamed } = load;
        await until(
          what,
          () => load.answered > answered + 100 && load.streamed > streamed + 20,
          WITHIN_MS,
        );
      };
      await flows("old and new understand each other");
      const members = watcher.membership.members();
      t.notOk(members.find(({ name }) => name === "u1")?.reads, "u1 says nothing of what it reads");
      t.ok(members.find(({ name }) => name === "w")?.reads?.includes("claims"));

      const ended: NodeUnderTest[] = [];
      const fresh: NodeUnderTest[] = [];
      for (const name of ["u1", "u2"] as const) {
        old[name].signal("SIGTERM");
        t.equal(await old[name].exit, 0, `${name} drains`);
        ended.push(old[name]);
        const next = await startNodeProcess({ name, nats });
        fresh.push(next);
        await up(watcher, name, next);
        await flows(`${name} is replaced`);
      }
      await load.stop();
      t.same([...load.unsettled], [], "A1: no ask and no stream hangs");
      t.same(load.late, [], "A2");
      t.same(load.surprises, [], "A3");
      const heard = await watcher.refOf(Parrot, "w/parrot").ask("heard", undefined, {
        timeout: "30s",
      });
      t.ok(heard.length > 0);
      t.ok(
        heard.every((n, i) => i === 0 || n > (heard[i - 1] ?? 0)),
        "T1, T2: each at most once, and in order",
      );
      t.comment(
        `${load.answered} asks, ${load.streamed} streams, ${heard.length} of ${load.told} tells`,
      );
      const large = await watcher
        .refOf(Parrot, "u1/parrot")
        .ask("repeat", LARGE, { timeout: "60s" });
      t.ok(large === LARGE, "and now large bodies pass");
      await client.close();
      await Promise.all(fresh.map((node) => node.end()));
      await watcher.stop();
    },
  );

  t.test(
    "what the old release cannot read is refused: it never ran, and nothing hangs",
    async (t) => {
      const fresh = await startNode({ name: "new", nats, log: silentLog, ingress: "closed" });
      const old = await startNodeProcess({ name: "old", nats, ...FIRST_RELEASE });
      await up(fresh, "old", old);
      const letters: string[] = [];
      fresh.system.onDeadLetter(({ reason }) => letters.push(reason));
      const ref = fresh.refOf(Parrot, "old/parrot");
      const asked = await rejected(ref.ask("repeat", LARGE, { timeout: "30s" }));
      t.equal(asked.code, "node.too-old");
      t.equal(asked.outcome, "never-ran");
      const tell = ref.tell as (operation: "hear", what: unknown) => boolean;
      t.equal(tell.call(ref, "hear", LARGE), true);
      await until("it is a dead letter", () => letters.length === 1, WITHIN_MS);
      t.same(letters, ["unsupported"]);
      const client = await connect({ nats, log: silentLog });
      const viaOld = client.refOf(Parrot, "old/parrot");
      const byGateway = await rejected(viaOld.ask("repeat", LARGE, { timeout: "30s" }));
      t.equal(byGateway.code, "node.too-old");
      t.equal(byGateway.outcome, "never-ran");
      t.equal(await viaOld.ask("repeat", "small"), "small");
      t.equal(await ref.ask("repeat", "small"), "small");
      await client.close();
      await old.end();
      await fresh.stop();
    },
  );

  t.test("an answer that the old release cannot read is an error for its asker", async (t) => {
    const worker = await startNodeProcess({ name: "worker", nats, ingress: "closed" });
    const old = await startNodeProcess({ name: "asker", nats, ...FIRST_RELEASE });
    const client = await connect({ nats, log: silentLog });
    const ref = client.refOf(Parrot, "worker/parrot");
    await until(
      "the gateway knows the worker",
      async () => (await ref.ask("repeat", 1, { timeout: 2_000 }).catch(() => 0)) === 1,
      WITHIN_MS,
    );
    // Together they are too large for a frame; each request is small.
    const tell = ref.tell as (operation: "hear", what: unknown) => boolean;
    for (let n = 0; n < 4; n++) tell.call(ref, "hear", "x".repeat(200_000));
    const error = await rejected(ref.ask("heard", undefined, { timeout: "30s" }));
    t.equal(error.code, "node.too-old");
    t.equal(error.outcome, "unknown");
    t.equal(await ref.ask("repeat", "still here"), "still here");
    await client.close();
    await Promise.all([old.end(), worker.end()]);
  });

  t.test(
    "F2, W2: kinds and fields of a later release are reported or ignored, never fatal",
    async (t) => {
      const node = await startNodeProcess({ name: "present", nats });
      const watcher = await startNode({ name: "w", nats, log: silentLog });
      await up(watcher, "present", node);
      const cluster = "troupe";
      const peer = await openConnection({ url: nats, cluster, name: "future" }, "client");
      const later = [0, 2, "parrot", "", 0, "parrot.hear@1", 7, 0];
      for (let n = 8; n < 16; n++) later.push(null as unknown as number);
      const envelopes = [
        [99, 1, "parrot", "", 0, "parrot.hear@1", 6, 0],
        [...later, { something: "new" }, ["and", "more"]],
        [14, 3, "", "", 0, "", ["a later form"], 0],
      ];
      const frame = [1, "0000000000000001", 1, 0, envelopes, 1, "", 0, "new", { more: true }];
      peer.publish(frameSubject(cluster, "present", "future"), pack(frame));
      const versioned = [2, "0000000000000001", 2, 0, [later]];
      peer.publish(frameSubject(cluster, "present", "future"), pack(versioned));
      const ref = watcher.refOf(Parrot, "present/parrot");
      await until("it heard", async () => (await ref.ask("heard")).length > 0, WITHIN_MS);
      t.same(await ref.ask("heard"), [7], "what it knows is delivered, the rest is not");
      await peer.close();
      await node.end();
      await watcher.stop();
    },
  );
});
