/** Everything at once: whatever befalls a tree of actors, its books balance and nothing is left. */
import fc from "fast-check";
import t from "tap";
import {
  type ActorDefinition,
  type ActorRef,
  type AskOutcome,
  DeferredReply,
  pool,
  type SpawnOptions,
} from "../../../runtime/index.ts";
import {
  type Act,
  boom,
  forEver,
  Puppet,
  type PuppetContext,
  type PuppetOperations,
  puppet,
  untilAborted,
} from "../puppet.ts";
import { world } from "../world.ts";

/** What a message may make its actor do. `done` says that it was handled to its end. */
const acts: Readonly<Record<string, (done: () => void) => Act>> = {
  note: (done) => () => done(),
  slow: (done) => (ctx) =>
    new Promise<void>((resolve) => {
      ctx.clock.after(40, () => {
        done();
        resolve();
      });
    }),
  polite: (done) => (ctx) => untilAborted(ctx).then(done),
  stubborn: () => forEver,
  boom: () => boom,
  rejects: () => async () => {
    await Promise.resolve();
    throw new Error("boom");
  },
  refuses: () => (ctx) => ctx.fail("no"),
  stash: (done) => (ctx) => {
    if (ctx.state.count % 2 === 1) done();
    else ctx.stash();
  },
  unstash: (done) => (ctx) => {
    ctx.state.count++;
    ctx.unstash();
    done();
  },
  task: (done) => (ctx) => {
    ctx.task((signal) => (signal.aborted ? "late" : "told by a task"), "note");
    done();
  },
  failingTask: (done) => (ctx) => {
    ctx.task(() => Promise.reject(new Error("boom")), "note");
    done();
  },
  timer: (done) => (ctx) => {
    ctx.timers.every("t", 15, "note", "tick");
    done();
  },
  idle: (done) => (ctx) => {
    ctx.receiveTimeout(25, "note", "idle");
    done();
  },
  spawns: (done) => (ctx) => {
    ctx.spawn(puppet()).tell("act", untilAborted);
    done();
  },
  leaves: (done) => (ctx) => {
    done();
    ctx.stop();
  },
  asks: (done) => async (ctx) => {
    const to = ctx.refOf(Puppet, "local/top/b");
    await to
      .ask("get", (inner: PuppetContext) => inner.state.count, { timeout: 60 })
      .catch(() => 0);
    done();
  },
};

const options = fc.record<SpawnOptions>({
  concurrency: fc.constantFrom(1, 1, 2, 3),
  interleave: fc.constantFrom([], [], ["peek"]),
  mailbox: fc.record({
    capacity: fc.constantFrom(1, 3, 1_024),
    onFull: fc.constantFrom("reject", "drop-oldest", "drop-newest"),
  }),
  restart: fc.constantFrom("permanent", "transient", "temporary"),
  timeLimit: fc.constantFrom(60, 60, 300),
  shutdown: fc.constantFrom(0, 30, 100),
  backoff: fc.constant({ initial: 5, max: 40 }),
});
const step = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      to: fc.constantFrom("a", "b", "c"),
      how: fc.constantFrom("tell", "tell", "ask", "peek", "offer", "stream", "cancelled"),
      act: fc.constantFrom(...Object.keys(acts)),
    }),
  },
  { weight: 5, arbitrary: fc.record({ waitMs: fc.constantFrom(0, 1, 20, 100) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      end: fc.constantFrom("a", "b", "c"),
      how: fc.constantFrom("stop" as const, "drain" as const, "kill" as const),
    }),
  },
);
const scenario = fc.record({
  steps: fc.array(step, { maxLength: 60, size: "max" }),
  strategy: fc.constantFrom("one-for-one", "one-for-all", "rest-for-one"),
  intensity: fc.constantFrom({ restarts: 3, within: "1s" }, { restarts: 1_000, within: "1s" }),
  children: fc.tuple(options, options, options),
  workers: fc.integer({ min: 1, max: 3 }),
  decision: fc.constantFrom(undefined, "resume", "restart", "stop", "escalate"),
  isSlowToStart: fc.boolean(),
});

const RUNS = 300;

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

type Case = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

t.test("everything at once", async (t) => {
  t.test(
    "A1, A4, T1, T3, G7 S3: the books balance, all who live answer, nothing is left",
    async (t) => {
      const run = async (given: Case): Promise<void> => {
        const { steps, strategy, intensity, children, workers } = given;
        const { system, clock } = world();
        const { decision, isSlowToStart } = given;
        const [a, b, c] = children;
        const init = isSlowToStart ? () => Promise.resolve() : () => {};
        const member = () => puppet([], { init });
        const decide = decision === undefined ? {} : { decide: () => decision };
        const { concurrency: _1, interleave: _2, timeLimit: _3, ...ofPool } = c;
        const crew: ActorDefinition<PuppetOperations, undefined> = pool(member(), {
          size: workers,
          ...decide,
          worker: { ...c, mailbox: {} },
        });
        const parent = puppet([], {
          strategy,
          intensity,
          ...decide,
          init: (ctx) => {
            ctx.spawn(member(), { ...a, name: "a" });
            ctx.spawn(member(), { ...b, name: "b" });
            ctx.spawn(crew, { ...ofPool, name: "c" });
          },
        });
        await system.spawn(parent, { name: "top", restart: "temporary" }).ready;
        await clock.settle(1);
        const refs: Record<string, ActorRef<PuppetOperations>> = {};
        for (const name of ["a", "b", "c"]) refs[name] = system.refOf(Puppet, `local/top/${name}`);

        const handled: number[] = [];
        const dead = new Set<unknown>();
        system.onDeadLetter(({ body, type }) => {
          if (type !== "puppet.act@1") return;
          if (dead.has(body)) throw new Error("counted twice");
          dead.add(body);
        });
        const told: Act[] = [];
        const ends: Promise<AskOutcome | "ok">[] = [];
        let settled = 0;
        const wait = (promise: Promise<unknown>): void => {
          const end = promise.then(
            () => "ok" as const,
            ({ outcome }: { outcome: AskOutcome }) => outcome,
          );
          ends.push(end.finally(() => settled++));
        };
        for (const [i, each] of steps.entries()) {
          if ("waitMs" in each) {
            await clock.advanceAsync(each.waitMs);
            continue;
          }
          if ("end" in each) {
            const target = system.refOf(Puppet, `local/top/${each.end}`);
            void system.stop(target, each.how).catch(() => {});
            continue;
          }
          const ref = refs[each.to] as ActorRef<PuppetOperations>;
          const act = acts[each.act]?.(() => void handled.push(i)) as Act;
          const timeout = { timeout: 200 };
          switch (each.how) {
            case "tell":
            case "offer":
              told[i] = act;
              if (each.how === "tell") ref.tell("act", act);
              else void ref.offer("act", act, timeout);
              break;
            case "ask":
              wait(ref.ask("get", act, timeout));
              break;
            case "peek":
              wait(
                ref.ask("peek", (ctx) => (i % 3 === 0 ? new DeferredReply() : act(ctx)), timeout),
              );
              break;
            case "cancelled": {
              const abort = new AbortController();
              wait(ref.ask("get", act, { ...timeout, signal: abort.signal }));
              clock.after(i % 30, () => abort.abort());
              break;
            }
            case "stream": {
              const flow = ref.stream(
                "flow",
                async function* (ctx) {
                  yield 1;
                  yield 2;
                  await act(ctx);
                  return "end";
                },
                { ...timeout, credit: 1 + (i % 2) },
              );
              wait(flow.result);
              void (async () => {
                for await (const n of flow) if (n === 1 + (i % 4)) break;
              })().catch(() => {});
              break;
            }
          }
        }
        await clock.advanceAsync(250);
        check(settled === ends.length, `A2: ${ends.length - settled} calls are open`);
        // Past every limit and back-off whoever still lives must answer: nobody stands still for good.
        await clock.advanceAsync("25s");
        for (const name of ["a", "b", "c"]) {
          const asked = refs[name]?.ask("get", () => "lives", { timeout: "1s" });
          const lives = asked?.catch(({ code }) => code);
          await clock.advanceAsync("1s");
          const answer = String(await lives);
          check(
            /^(lives|actor\.(not-found|stopped))$/.test(answer),
            `${name} stands still: ${answer}`,
          );
        }
        const down = system.shutdown({ deadline: "20s" });
        await clock.advanceAsync("20s");
        await down;
        await clock.advanceAsync("1m");
        for (const outcome of await Promise.all(ends)) {
          check(["ok", "never-ran", "failed", "unknown"].includes(outcome), `outcome ${outcome}`);
        }
        check(new Set(handled).size === handled.length, "T1: something was handled twice");
        for (const [i, act] of told.entries()) {
          if (act === undefined || handled.includes(i) || dead.has(act)) continue;
          throw new Error(`T3: the message of step ${i} was lost`);
        }
        check(system.pendingReplies === 0, "A4: a reply is pending");
        check(clock.pending === 0, "a timer is left");
      };
      await fc.assert(fc.asyncProperty(scenario, run), { verbose: 1, numRuns: RUNS });
      t.pass();
    },
  );
});
