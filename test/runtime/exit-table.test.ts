/** The table of exits, all of it: every exit × restart type × strategy × types of its siblings. */
import t from "tap";
import {
  child,
  type ExitReason,
  type RestartType,
  type Strategy,
  supervisor,
} from "../../runtime/index.ts";
import { type Act, boom, Puppet, puppet, untilAborted } from "./puppet.ts";
import { world } from "./world.ts";

const types: readonly RestartType[] = ["permanent", "transient", "temporary"];
const strategies: readonly Strategy[] = ["one-for-one", "one-for-all", "rest-for-one"];

interface Exit {
  readonly act: Act;
  /** Which restart types are started again. */
  readonly restarts: readonly RestartType[];
  /** What watchers of one that is not are told. */
  readonly reason: ExitReason;
  readonly decide?: () => "stop";
}

const exits: Readonly<Record<string, Exit>> = {
  "stops itself": { act: (ctx) => ctx.stop(), restarts: ["permanent"], reason: "normal" },
  throws: { act: boom, restarts: ["permanent", "transient"], reason: "failed" },
  rejects: {
    act: () => Promise.reject(new Error("boom")),
    restarts: ["permanent", "transient"],
    reason: "failed",
  },
  "fails in a task": {
    act: (ctx) => ctx.task(boom as never, "note"),
    restarts: ["permanent", "transient"],
    reason: "failed",
  },
  "runs past its time limit": {
    act: untilAborted,
    restarts: ["permanent", "transient"],
    reason: "failed",
  },
  "is fatal": { act: (ctx) => ctx.fatal("worn out"), restarts: [], reason: "failed" },
  "is ended by the decider": { act: boom, restarts: [], reason: "failed", decide: () => "stop" },
};

/** The siblings `a` and `c` that the restart of `b` touches. */
const touched: Readonly<Record<Strategy, readonly string[]>> = {
  "one-for-one": ["b"],
  "one-for-all": ["a", "b", "c"],
  "rest-for-one": ["b", "c"],
};

interface Case {
  readonly exit: string;
  readonly strategy: Strategy;
  /** Restart types by name. */
  readonly types: Readonly<Record<string, RestartType>>;
}

/** What is seen: who went down and up, in order; whether the queue of `b` was handled; who ended. */
interface Outcome {
  readonly steps: readonly string[];
  readonly isQueueHandled: boolean;
  readonly ended: Readonly<Record<string, ExitReason>>;
}

/** What the table says. */
function expected({ exit, strategy, types }: Case): Outcome {
  const { restarts, reason } = exits[exit] as Exit;
  const again = restarts.includes(types["b"] as RestartType);
  const down = again ? touched[strategy] : ["b"];
  const up = again ? down.filter((name) => types[name] !== "temporary") : [];
  const ended = down.filter((name) => !up.includes(name));
  return {
    steps: [...down.toReversed().map((name) => `-${name}`), ...up.map((name) => `+${name}`)],
    isQueueHandled: again || exit === "fails in a task",
    ended: Object.fromEntries(ended.map((name) => [name, name === "b" ? reason : "normal"])),
  };
}

/** What happens. */
async function outcome({ exit, strategy, types }: Case): Promise<Outcome> {
  const { act, decide } = exits[exit] as Exit;
  const { system, clock } = world();
  const steps: string[] = [];
  const ended: Record<string, ExitReason> = {};
  const children = Object.entries(types).map(([name, restart]) => {
    const member = puppet([], {
      init: () => void steps.push(`+${name}`),
      stopping: () => void steps.push(`-${name}`),
    });
    return child(member, { name, restart, shutdown: "1s", timeLimit: "10s" });
  });
  const tree = supervisor({ strategy, children, ...(decide === undefined ? {} : { decide }) });
  await system.spawn(tree, { name: "s" }).ready;
  for (const name of Object.keys(types)) {
    system.watch(`local/s/${name}`, ({ reason }) => {
      ended[name] = reason;
    });
  }
  steps.length = 0;
  let isQueueHandled = false;
  const ref = system.refOf(Puppet, "local/s/b");
  ref.tell("act", act);
  ref.tell("act", () => {
    isQueueHandled = true;
  });
  await clock.advanceAsync("20s");
  const seen = { steps: [...steps], isQueueHandled, ended: { ...ended } };
  await system.shutdown();
  return seen;
}

t.test("table of exits", async (t) => {
  for (const exit of Object.keys(exits)) {
    for (const b of types) {
      for (const strategy of strategies) {
        t.test(`S11: ${strategy}, a ${b} child ${exit}`, async (t) => {
          for (const a of types) {
            for (const c of types) {
              const each = { exit, strategy, types: { a, b, c } };
              t.same(await outcome(each), expected(each), `between ${a} and ${c}`);
            }
          }
        });
      }
    }
  }

  t.test("S11: a child whose init fails when it is restarted is restarted again", async (t) => {
    for (const restart of ["permanent", "transient"] as const) {
      const { system, clock } = world();
      const log: string[] = [];
      const flaky = puppet(log, {
        init: () => {
          if (log.length === 2 || log.length === 3) throw new Error("not yet");
        },
      });
      const ref = system.spawn(flaky, { restart });
      ref.tell("act", boom);
      ref.tell("note", "queued");
      await clock.advanceAsync("5s");
      t.same(log, ["init", "init", "init", "init", "queued"], restart);
      await system.shutdown();
    }
  });
});
