/** Those who take a connection, or room, and then hardly do anything with it. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import t from "tap";
import { startHealthServer } from "../../cluster/health/health-server.ts";
import type { NodeFacts } from "../../cluster/health/node-condition.ts";
import { IngressSession } from "../../cluster/ingress/ingress-session.ts";
import { frameBytes, parseFrame } from "../../cluster/wire/frame.ts";
import { LinkParts, PART_BYTES, type PartsBudget } from "../../cluster/wire/link-parts.ts";
import { actor, ask, createSystem, protocol, silentLog } from "../../runtime/index.ts";
import { type Envelope, EnvelopeKind } from "../../runtime/remote/envelope.ts";
import { ManualClock, ManualScheduler } from "../../runtime/testing/index.ts";
import { until } from "../cluster/test-server.ts";

t.setTimeout(180_000);

const FACTS: NodeFacts = {
  phase: "running",
  lease: true,
  control: true,
  data: true,
  member: "up",
  lagMs: 0,
};

t.test("the health port", async (t) => {
  const server = await startHealthServer({ port: 0 }, "n1", () => FACTS);
  const sockets: Socket[] = [];
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy();
    await server.close();
  });
  const opened = async (said: string): Promise<Socket> => {
    const socket = connect(server.port, "127.0.0.1").on("error", () => {});
    sockets.push(socket);
    await once(socket, "connect");
    socket.write(said);
    return socket;
  };
  const probed = async (): Promise<number> =>
    (await fetch(`http://127.0.0.1:${server.port}/healthz`)).status;

  t.test(
    "regression H2: who holds more connections open than it takes stops no probe",
    async (t) => {
      const ways = ["", "GET /healthz HTTP/1.1\r\n", "GET /healthz HTTP/1.1\r\nx: 1\r\n"];
      for (let n = 0; n < 90; n++) await opened(ways[n % ways.length] ?? "");
      t.equal(await probed(), 200);
      t.equal(await probed(), 200);
      const closed = (): number => sockets.filter((socket) => socket.destroyed).length;
      await until("the oldest made room", () => closed() >= 26, 30_000);
    },
  );

  t.test("regression H2: a request that does not end is ended within seconds", async (t) => {
    const silent = await opened("");
    const dribbling = await opened("GET /healthz HTTP/1.1\r\n");
    const body = await opened("GET /healthz HTTP/1.1\r\ncontent-length: 10\r\n\r\n");
    const dribble = setInterval(() => {
      dribbling.write("x: 1\r\n");
      body.write("1");
    }, 500);
    const all = [silent, dribbling, body];
    // Far less than the half minute after which Node looks by itself.
    await until("all are closed", () => all.every((socket) => socket.destroyed), 20_000);
    clearInterval(dribble);
    t.equal(await probed(), 200);
  });

  t.test("H2: a connection is good for one probe", async (t) => {
    const socket = await opened("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n".repeat(100));
    let said = "";
    socket.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    await once(socket, "close");
    t.equal(said.split("HTTP/1.1 200").length - 1, 1);
  });
});

t.test("a client's session", async (t) => {
  t.test("regression H1: what may take for ever takes a day at most", async (t) => {
    const clock = new ManualClock();
    const scheduler = new ManualScheduler();
    const system = createSystem({ node: "g", clock, scheduler, log: silentLog });
    const Hall = protocol("hall@1", { wait: ask<undefined, never>() });
    const wait = (): Promise<never> => new Promise<never>(() => {});
    system.spawn(
      actor(Hall, () => undefined, { wait }),
      { name: "hall" },
    );
    await scheduler.runAsync();
    const answers: Envelope[] = [];
    const session = new IngressSession({
      role: "client",
      system,
      clock,
      scheduler,
      incarnation: "1",
      hello: { incarnation: "2", reads: [] },
      claims: undefined,
      connected: () => true,
      publish: (bytes) => {
        const frame = parseFrame(bytes);
        if (frame.ok) answers.push(...frame.value.envelopes);
      },
    });
    const header = { incarnation: "2", linkSeq: 1, ackSeq: 0, baseSeq: 1, target: "1" };
    const ends = { to: "g/hall", from: "c/", type: "hall.wait@1" };
    const asked = {
      ...ends,
      kind: 1,
      id: 1,
      correlation: 5,
      body: undefined,
      ttlMs: 1e300,
    } as const;
    const bytes = frameBytes({ ...header, resend: false }, [asked]);
    const frame = parseFrame(bytes);
    if (!frame.ok) throw new Error(frame.error);
    session.link.receive(frame.value, bytes.length);
    for (let hours = 0; hours < 25; hours++) {
      clock.advance("1h");
      await scheduler.runAsync();
    }
    t.match(answers, [
      { kind: EnvelopeKind.failure, correlation: 5, body: { code: "ask.timeout" } },
    ]);
    session.close();
  });
});

t.test("bodies in parts", async (t) => {
  const MB = 1_048_576;
  const partOf = (correlation: number, bytes: number): Envelope => ({
    kind: EnvelopeKind.part,
    id: 0,
    to: "",
    from: "",
    correlation,
    type: "",
    body: new Uint8Array(bytes),
    ttlMs: 0,
  });

  t.test("regression P3: a byte now and then does not hold the room of others", async (t) => {
    const clock = new ManualClock();
    const budget: PartsBudget = { leftBytes: 4 * MB };
    const loris = new LinkParts({ clock, mostBytes: 4 * MB, budget });
    const honest = new LinkParts({ clock, mostBytes: 4 * MB, budget });
    const upTo = 4 * MB - PART_BYTES;
    for (let sent = 0; sent < upTo; sent += PART_BYTES) loris.take(partOf(1, PART_BYTES));
    const fits = async (id: number): Promise<boolean> => {
      for (let sent = 0; sent < MB; sent += PART_BYTES) honest.take(partOf(id, PART_BYTES));
      const { ok } = await honest.fetch({ key: `parts.${id}`, sizeBytes: MB, form: "bytes" });
      return ok;
    };
    t.equal(await fits(1), false, "the room is taken");
    for (let seconds = 0; seconds < 310; seconds += 10) {
      clock.advance("10s");
      loris.take(partOf(1, 1));
      loris.sweep(clock.monotonicMs());
      honest.sweep(clock.monotonicMs());
    }
    t.equal(await fits(2), true, "and is given back in time");
  });
});
