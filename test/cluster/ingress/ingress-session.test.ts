import t from "tap";
import { IngressSession } from "../../../cluster/ingress/ingress-session.ts";
import { frameBytes, parseFrame } from "../../../cluster/wire/frame.ts";
import { actor, ask, createSystem, protocol } from "../../../runtime/index.ts";
import { silentLog } from "../../../runtime/log.ts";
import { systemClock as clock } from "../../../runtime/ports/clock.ts";
import { systemScheduler as scheduler } from "../../../runtime/ports/scheduler.ts";
import { type Envelope, EnvelopeKind } from "../../../runtime/remote/envelope.ts";
import { until } from "../test-server.ts";

const Hall = protocol("hall@1", { wait: ask<undefined, never>() });

t.test("a client's session", async (t) => {
  let begun = 0;
  const system = createSystem({ node: "g", log: silentLog });
  t.teardown(() => system.shutdown({ deadline: 200 }));
  const wait = () => {
    begun++;
    return new Promise<never>(() => {});
  };
  const hall = actor(Hall, () => 0, { wait }, { concurrency: 2_000 });
  await system.spawn(hall, { name: "hall", mailbox: { capacity: 5_000 } }).ready;

  function opened(): {
    readonly session: IngressSession;
    readonly answers: Envelope[];
    receive(correlations: readonly number[]): void;
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
    const receive = (correlations: readonly number[]): void => {
      const envelopes = correlations.map((correlation, id) => ({
        kind: EnvelopeKind.ask,
        id,
        to: "g/hall",
        from: "c/",
        correlation,
        type: "hall.wait@1",
        body: undefined,
        ttlMs: 20_000,
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
});
