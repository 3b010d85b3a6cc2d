import { createHash, randomBytes } from "node:crypto";
import { jetstreamManager } from "@nats-io/jetstream";
import t from "tap";
import { openConnection } from "../../cluster/connections.ts";
import { connect } from "../../cluster/ingress/client.ts";
import type { Node } from "../../cluster/node/node.ts";
import { startNode } from "../../cluster/node/start-node.ts";
import type { ActorRef } from "../../runtime/actor-ref.ts";
import { actor, protocol, stream } from "../../runtime/index.ts";
import { silentLog } from "../../runtime/log.ts";
import { Parrot, type ParrotOperations } from "./fixtures/parrot.ts";
import { type NodeUnderTest, phaseOf, rejected, startNodeProcess } from "./node-under-test.ts";
import { startTestServer, until } from "./test-server.ts";

const MB = 1024 * 1024;
const CLAIMS = "OBJ_TROUPE_troupe_claims";
const timeout = "60s";

/** Waits until a node sees another one, on a machine however busy. */
async function up(node: Node, name: string, other: NodeUnderTest): Promise<void> {
  await until(`${name} is up`, () => phaseOf(node, name, other) === "up", 60_000);
}

/** The hash of bytes or of a text; anything else as it is. Whole bodies would fill the report. */
function hashOf(body: unknown): unknown {
  if (typeof body !== "string" && !(body instanceof Uint8Array)) return body;
  return createHash("sha256").update(body).digest("hex");
}

t.test("large bodies", async (t) => {
  t.setTimeout(300_000);
  const server = await startTestServer();
  t.teardown(() => server.dispose());
  const a = await startNode({ name: "a", nats: server.url, log: silentLog });
  const b = await startNodeProcess({ name: "b", nats: server.url });
  t.teardown(async () => {
    await a.stop();
    await b.end();
  });
  await up(a, "b", b);
  const remote = a.refOf(Parrot, "b/parrot");
  const client = await connect({ nats: server.url, log: silentLog });
  t.teardown(() => client.close());
  const watcher = await openConnection(
    { url: server.url, cluster: "troupe", name: "watcher" },
    "client",
  );
  t.teardown(() => watcher.close());
  const manager = await jetstreamManager(watcher);
  const kept = async () => (await manager.streams.info(CLAIMS)).state.messages;

  const ways: readonly (readonly [string, ActorRef<ParrotOperations>])[] = [
    ["between nodes", remote],
    ["from a client to its gateway's actor, or one behind it", client.refOf(Parrot, "b/parrot")],
  ];
  for (const [way, ref] of ways) {
    t.test(`S18: bodies over 256 KB arrive as they were, ${way}`, async (t) => {
      const bytes = randomBytes(10 * MB);
      const back = await ref.ask("repeat", bytes, { timeout });
      t.equal(hashOf(back), hashOf(bytes), "bytes, there and back");
      for (const size of [255 * 1024, 256 * 1024, 262_100, 264_192, 300_000]) {
        const text = "é".repeat(size / 2);
        t.equal(
          hashOf(await ref.ask("repeat", text, { timeout })),
          hashOf(text),
          `a text of ${size} bytes`,
        );
      }
      const mixed = { list: [1, { bytes: new Uint8Array(MB).fill(3) }], text: "x".repeat(MB) };
      t.same(await ref.ask("repeat", mixed, { timeout }), mixed, "a structure");
      const pieces = [randomBytes(MB), "small", randomBytes(300_000), "x".repeat(MB), 5];
      const stream = ref.stream("pieces", pieces, { timeout });
      const chunks: unknown[] = [];
      for await (const chunk of stream) chunks.push(chunk);
      t.same(chunks.map(hashOf), pieces.map(hashOf), "chunks, in order");
      t.equal(hashOf(await stream.result), hashOf(pieces[0]), "and the result");
      await until("everything was taken out of the store", async () => (await kept()) === 0);
    });
  }

  t.test("S3, T2: a large tell is not overtaken by what follows it", async (t) => {
    const ref = a.refOf(Parrot, "b/hanger");
    const heard = async () => (await ref.ask("heard", undefined, { timeout })) as unknown[];
    const tell = ref.tell as (operation: "hear", what: unknown) => boolean;
    const expected: unknown[] = [];
    for (let n = 0; n < 60; n++) {
      const what = n % 10 === 5 ? `${n} ${"x".repeat(MB)}` : n;
      t.equal(tell.call(ref, "hear", what), true);
      expected.push(what);
    }
    t.same((await heard()).map(hashOf), expected.map(hashOf));
  });

  t.test("S3: while a large body is on its way, what is for other actors passes", async (t) => {
    const order: string[] = [];
    const large = remote
      .ask("repeat", randomBytes(12 * MB), { timeout })
      .then(() => order.push("large"));
    const small = a
      .refOf(Parrot, "b/streamer")
      .ask("repeat", 1, { timeout })
      .then(() => order.push("small"));
    await Promise.all([large, small]);
    t.same(order, ["small", "large"]);
  });

  t.test("S18: over 64 MB a tell is refused and an ask never ran", async (t) => {
    const letters: string[] = [];
    const stop = a.system.onDeadLetter(({ reason }) => letters.push(reason));
    const tooLarge = new Uint8Array(64 * MB + 1);
    const tell = remote.tell as (operation: "hear", what: unknown) => boolean;
    t.equal(tell.call(remote, "hear", tooLarge), false);
    t.equal(tell.call(remote, "hear", { nested: { bytes: tooLarge } }), false);
    t.same(letters, ["too-large", "too-large"]);
    for (const what of [tooLarge, { a: tooLarge }, { a: { b: { c: { d: tooLarge } } } }]) {
      const error = await rejected(remote.ask("repeat", what, { timeout }));
      t.equal(error.code, "payload.too-large");
      t.equal(error.outcome, "never-ran");
    }
    const viaClient = await rejected(
      client.refOf(Parrot, "b/parrot").ask("repeat", tooLarge, { timeout }),
    );
    t.equal(viaClient.code, "payload.too-large");
    t.equal(viaClient.outcome, "never-ran");
    t.equal(await remote.ask("repeat", "still here"), "still here");
    stop();
  });

  t.test("S18: the maximum is configurable", async (t) => {
    const limited = await startNode({
      name: "limited",
      nats: server.url,
      log: silentLog,
      mostBodyBytes: MB,
    });
    await up(limited, "b", b);
    const ref = limited.refOf(Parrot, "b/parrot");
    t.equal(
      (await ref.ask("repeat", "x".repeat(MB - 100), { timeout })) as string,
      "x".repeat(MB - 100),
    );
    const error = await rejected(ref.ask("repeat", "x".repeat(MB + 1), { timeout }));
    t.equal(error.code, "payload.too-large");
    await limited.stop();
  });

  t.test("a body that is lost in the store is an error at once, and nobody hangs", async (t) => {
    // Whatever is put in is gone before it can be read.
    let purging: boolean = true;
    const purger = (async () => {
      while (purging)
        await manager.streams.purge(CLAIMS, { filter: "$O.TROUPE_troupe_claims.C.>" });
    })();
    const error = await rejected(remote.ask("repeat", randomBytes(8 * MB), { timeout }));
    purging = false;
    await purger;
    t.equal(error.code, "store.unavailable");
    t.equal(error.outcome, "never-ran", "its receiver says that it never ran");
    t.equal(await remote.ask("repeat", "still here"), "still here");
  });

  t.test("a store that does not take a body hands it back: dead letter, never ran", async (t) => {
    await manager.streams.update(CLAIMS, { max_bytes: 1_000_000 });
    const letters: string[] = [];
    const stop = a.system.onDeadLetter(({ reason }) => letters.push(reason));
    const error = await rejected(remote.ask("repeat", randomBytes(8 * MB), { timeout }));
    t.equal(error.code, "node.disconnected");
    t.equal(error.outcome, "never-ran");
    const tell = remote.tell as (operation: "hear", what: unknown) => boolean;
    t.equal(tell.call(remote, "hear", randomBytes(8 * MB)), true);
    await until("the tell is a dead letter", () => letters.length > 0);
    t.same(letters, ["disconnected"]);
    await manager.streams.update(CLAIMS, { max_bytes: -1 });
    t.equal(((await remote.ask("repeat", randomBytes(MB), { timeout })) as Uint8Array).length, MB);
    stop();
  });

  t.test("S15: a callee that dies while a large body is on its way ends the ask", async (t) => {
    const doomed = await startNodeProcess({ name: "doomed", nats: server.url });
    await up(a, "doomed", doomed);
    const asked = rejected(
      a.refOf(Parrot, "doomed/parrot").ask("repeat", randomBytes(12 * MB), { timeout: "30s" }),
    );
    await doomed.end();
    const error = await asked;
    t.match(error.code, /^node\./);
  });

  t.test("regression: a chunk past every limit says so, and ends its stream", async (t) => {
    const Roll = protocol("roll@1", { pieces: stream<number, string, undefined>() });
    let isOver = false;
    const roll = actor(Roll, () => 0, {
      async *pieces(ctx, piece) {
        ctx.signal.addEventListener("abort", () => {
          isOver = true;
        });
        yield "first";
        yield "x".repeat(piece);
        yield "third";
      },
    });
    const options = { name: "small", nats: server.url, log: silentLog, mostBodyBytes: MB };
    const small = await startNode(options);
    t.teardown(() => small.stop());
    small.spawn(roll, { name: "roll" });
    for (const ref of [a.refOf(Roll, "small/roll"), client.refOf(Roll, "small/roll")]) {
      isOver = false;
      const seen: unknown[] = [];
      const read = async () => {
        for await (const piece of ref.stream("pieces", 2 * MB, { timeout })) seen.push(piece);
      };
      t.match(await rejected(read()), {
        code: "payload.too-large",
        message: /^chunk 2 of roll\.pieces@1 has more than 1048576 bytes$/,
        outcome: "unknown",
      });
      t.same(seen, ["first"]);
      await until("its producer has ended", () => isOver);
    }
  });
});
