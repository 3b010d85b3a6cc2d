/** Virtual actors that keep state, and their reminders, when processes are killed. */
import t from "tap";
import { connect } from "../../../cluster/ingress/client.ts";
import type { Node } from "../../../cluster/node/node.ts";
import { startNode } from "../../../cluster/node/start-node.ts";
import type { ActorRef, KeyValueChange } from "../../../runtime/index.ts";
import { silentLog } from "../../../runtime/log.ts";
import { Book, type BookOperations, Ledger } from "../fixtures/bookkeeping.ts";
import { type NodeUnderTest, seen, startNodeProcess } from "../node-under-test.ts";
import { startTestServer, until } from "../test-server.ts";

const KINDS = [
  ["durableState", Book],
  ["eventSourced", Ledger],
] as const;

/** `frozen` = it stands still for longer than its lease lives, and goes on. */
const FATES = KINDS.flatMap(
  ([kind, protocol]) =>
    [
      [kind, protocol, "killed"],
      [kind, protocol, "frozen"],
    ] as const,
);

t.test("books in several processes", { timeout: 480_000 }, async (t) => {
  const server = await startTestServer();
  const nats = server.url;
  const running: NodeUnderTest[] = [];
  const begin = async (name: string): Promise<NodeUnderTest> => {
    const node = await startNodeProcess({ name, nats }, "book-node");
    running.push(node);
    return node;
  };
  /** It registers nothing: whatever it asks for lives in the other processes. */
  const desk: Node = await startNode({ name: "desk", nats, log: silentLog });
  t.teardown(async () => {
    for (const node of running) await node.end();
    await desk.stop();
    await server.dispose();
  });

  for (const [kind, protocol, fate] of FATES) {
    await t.test(
      `${kind}: a node ${fate} mid-stream of writes loses and overwrites nothing that was answered`,
      async (t) => {
        const names = [`${kind}-${fate}-a`, `${kind}-${fate}-b`];
        const nodes = await Promise.all(names.map(begin));
        for (const [at, node] of nodes.entries()) await seen(desk, names[at] ?? "", node);
        const books = Array.from({ length: 12 }, (_, n) => desk.actorOf(protocol, `${fate} ${n}`));
        const answered = books.map(() => [] as string[]);
        const counts = books.map(() => [] as number[]);
        let over: boolean = false;
        const write = async (book: ActorRef<BookOperations>, of: number): Promise<void> => {
          for (let n = 0; !over; n++) {
            const line = `${of}.${n}`;
            try {
              counts[of]?.push(await book.ask("write", line, { timeout: "30s" }));
              answered[of]?.push(line);
            } catch {
              // Nobody knows, or it never ran: it does not count as answered.
            }
          }
        };
        const writing = books.map(write);
        const total = () => answered.reduce((sum, lines) => sum + lines.length, 0);
        await until("writes are answered", () => total() > 100, 60_000);
        nodes[0]?.signal(fate === "killed" ? "SIGKILL" : "SIGSTOP");
        const before = answered.map(({ length }) => length);
        await until(
          "every book is written to again",
          () => answered.every(({ length }, of) => length > (before[of] ?? 0) + 3),
          120_000,
        );
        if (fate === "frozen") {
          // It wakes with writes of its own still to make, and is not the owner any more.
          nodes[0]?.signal("SIGCONT");
          await nodes[0]?.exit;
        }
        over = true;
        await Promise.all(writing);
        for (const [of, book] of books.entries()) {
          const lines = await book.ask("lines", undefined, { timeout: "60s" });
          const kept = new Set(lines);
          t.equal(kept.size, lines.length, "no line is written twice");
          const lost = (answered[of] ?? []).filter((line) => !kept.has(line));
          t.strictSame(lost, [], `book ${of} has all that was answered`);
          const positions = counts[of] ?? [];
          t.ok(positions.every((count, i) => i === 0 || count > (positions[i - 1] ?? 0)));
        }
        for (const node of nodes) await node.end();
      },
    );
  }

  await t.test("V1: the tokens of every book's record never decrease", async (t) => {
    const bucket = await desk.system.ports.keyValues.open("state");
    const changes: KeyValueChange[] = [];
    const cancel = await bucket.watch("virtual.>", (change) => changes.push(change));
    const book = desk.actorOf(Book, "moved");
    const written: number[] = [];
    for (const name of ["v1", "v2", "v3"]) {
      const node = await begin(name);
      await seen(desk, name, node);
      // Asked of the node that is gone it rejects, until that one is known to be down.
      await until(
        `${name} answers`,
        async () => {
          const count = await book.ask("write", `on ${name}`, { timeout: "30s" }).catch(() => 0);
          if (count > 0) written.push(count);
          return count > 0;
        },
        120_000,
      );
      await node.end();
    }
    t.strictSame(written, [1, 2, 3]);
    const tokens = () =>
      changes
        .filter(({ key }) => key === "virtual.book.moved")
        .map((change) => (change.type === "put" ? (change.value as { token: number }).token : 0));
    await until("the watch has seen the writes", () => tokens().length >= 6, 30_000);
    const seenTokens = tokens();
    t.strictSame(
      seenTokens,
      [...seenTokens].sort((a, b) => a - b),
    );
    t.ok(new Set(seenTokens).size >= 3, "each node has one of its own");
    cancel();
  });

  for (const [kind, protocol] of KINDS) {
    await t.test(
      `${kind}: a reminder survives the end of all nodes that could hear it`,
      async (t) => {
        const first = await begin(`${kind}-r1`);
        await seen(desk, `${kind}-r1`, first);
        const book = desk.actorOf(protocol, "reminded");
        const dueMs = Date.now() + 1_000;
        await book.ask("remindAt", dueMs, { timeout: "60s" });
        first.signal("SIGKILL");
        await first.exit;
        await until("it is due", () => Date.now() > dueMs + 500, 30_000);
        const second = await begin(`${kind}-r2`);
        await seen(desk, `${kind}-r2`, second);
        await until(
          "the book was reminded",
          async () => {
            const lines = await book
              .ask("lines", undefined, { timeout: "30s" })
              .catch((): readonly string[] => []);
            return lines.includes(`due ${dueMs}`);
          },
          120_000,
        );
        t.strictSame(await book.ask("lines", undefined, { timeout: "30s" }), [`due ${dueMs}`]);
        await book.ask("remindEvery", "1s", { timeout: "30s" });
        await until(
          "it is reminded over and over",
          async () => {
            const lines = await book.ask("lines", undefined, { timeout: "30s" });
            return lines.filter((line) => line === "again").length >= 3;
          },
          120_000,
        );
        await second.end();
      },
    );
  }

  await t.test("a client cannot bring an occurrence of its own making", async (t) => {
    const node = await begin("gate");
    await seen(desk, "gate", node);
    const client = await connect({ nats });
    t.teardown(() => client.close());
    const ref = client.actorOf(Book, "forged") as unknown as {
      ask(operation: string, payload: unknown, options: object): Promise<unknown>;
    };
    await t.rejects(ref.ask("$remind", { reminder: {}, dueMs: 0 }, { timeout: "30s" }), {
      code: "actor.no-handler",
    });
    await node.end();
  });
});
