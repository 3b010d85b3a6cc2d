import t from "tap";
import { IngressSession } from "../../../cluster/ingress/ingress-session.ts";
import { frameBytes, parseFrame } from "../../../cluster/wire/frame.ts";
import { actor, ask, createSystem, protocol, stream } from "../../../runtime/index.ts";
import { silentLog } from "../../../runtime/log.ts";
import { type Clock, systemClock } from "../../../runtime/ports/clock.ts";
import { systemScheduler as scheduler } from "../../../runtime/ports/scheduler.ts";
import { type Envelope, EnvelopeKind } from "../../../runtime/remote/envelope.ts";
import { ManualClock } from "../../../runtime/testing/index.ts";
import { until } from "../test-server.ts";

const Hall = protocol("hall@1", {
  wait: ask<undefined, never>(),
  count: stream<undefined, number, string>(),
});

t.test("a client's session", async (t) => {
  let begun = 0;
  let cleanedUp = 0;
  const system = createSystem({ node: "g", log: silentLog });
  t.teardown(() => system.shutdown({ deadline: 200 }));
  const wait = () => {
    begun++;
    return new Promise<never>(() => {});
  };
  async function* count(): AsyncGenerator<number, string, undefined> {
    try {
      for (let n = 1; n <= 1_000; n++) yield n;
    } finally {
      cleanedUp++;
    }
    return "counted";
  }
  const hall = actor(Hall, () => 0, { wait, count }, { concurrency: 2_000 });
  await system.spawn(hall, { name: "hall", mailbox: { capacity: 5_000 } }).ready;

  function opened(clock: Clock = systemClock): {
    readonly session: IngressSession;
    readonly answers: Envelope[];
    receive(correlations: readonly number[], opening?: Partial<Envelope>): void;
  } {
    const answers: Envelope[] = [];
    let frames = 0;
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
    const receive = (correlations: readonly number[], opening: Partial<Envelope> = {}): void => {
      const envelopes = correlations.map((correlation, id) => ({
        kind: EnvelopeKind.ask,
        id,
        to: "g/hall",
        from: "c/",
        correlation,
        type: "hall.wait@1",
        body: undefined,
        ttlMs: 20_000,
        ...opening,
      }));
      const head = { ackSeq: 0, baseSeq: 1, target: "1", resend: false };
      const bytes = frameBytes({ incarnation: "2", linkSeq: ++frames, ...head }, envelopes);
      const frame = parseFrame(bytes);
      if (!frame.ok) throw new Error(frame.error);
      session.link.receive(frame.value, bytes.length);
    };
    return { session, answers, receive };
  }

  t.test("H1: past 1,024 under way an ask is refused, and never ran", async (t) => {
    begun = 0;
    const { session, answers, receive } = opened();
    receive(Array.from({ length: 1_100 }, (_, n) => n + 1));
    await until("they run", () => begun === 1_024);
    await until("the others are refused", () => answers.length === 76);
    t.match(answers.at(-1), {
      kind: EnvelopeKind.failure,
      correlation: 1_100,
      body: { code: "mailbox.full", outcome: "never-ran" },
    });
    session.close();
  });

  t.test("regression H1: asks that bear one number are one", async (t) => {
    begun = 0;
    const { session, answers, receive } = opened();
    receive(Array.from({ length: 1_500 }, () => 7));
    receive([8]);
    await until("the last one runs", () => begun >= 2);
    t.equal(begun, 2);
    t.same(answers, []);
    session.close();
  });

  t.test(
    "regression H2: a stream that its client neither reads nor cancels ends when its time is up",
    async (t) => {
      const clock = new ManualClock();
      const { session, answers, receive } = opened(clock);
      receive([3], { kind: EnvelopeKind.open, type: "hall.count@1", sequence: 2 });
      await until("it sends what there is credit for", () => answers.length === 2);
      t.equal(session.streams, 1);
      clock.advance("19s");
      receive([3], { kind: EnvelopeKind.credit, sequence: 4 });
      await until("it goes on with more credit", () => answers.length === 4);
      t.equal(cleanedUp, 0);
      clock.advance("1s");
      await until("its place is free", () => session.streams === 0);
      await until("its producer has ended", () => cleanedUp === 1);
      t.same(
        answers.map(({ kind }) => kind),
        [...Array(4).fill(EnvelopeKind.chunk), EnvelopeKind.failure],
      );
      t.match(answers.at(-1), { correlation: 3, body: { code: "ask.timeout" } });
      session.close();
    },
  );
});
