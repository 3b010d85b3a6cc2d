import t from "tap";
import { type Random, seededRandom } from "../../runtime/index.ts";
import {
  advance,
  LifeEvent,
  type LifeEventNumber,
  lifeEventNames,
  liveLifecycle,
  Phase,
  type PhaseNumber,
  phaseNames,
} from "../../runtime/lifecycle.ts";

type Advance = (phase: PhaseNumber, event: LifeEventNumber) => PhaseNumber;

const STEPS = 33_000;
const PAIRS = phaseNames.length * lifeEventNames.length;
/** How long a walk goes on at the end, where nothing changes any more. */
const LONGEST_REST = 4;

/** Where a walk went, and the first step at which a live actor was elsewhere than the table says. */
interface Walk {
  readonly pairs: ReadonlySet<number>;
  readonly steps: number;
  readonly differs: string | undefined;
}

/** Walks live XState actors at random beside `table`, a new one whenever one has stopped. */
function walk(table: Advance, random: Random, steps: number): Walk {
  const pairs = new Set<number>();
  let live = liveLifecycle();
  let phase: PhaseNumber = Phase.starting;
  let rest = 0;
  for (let step = 1; step <= steps; step++) {
    const event = random.int(lifeEventNames.length) as LifeEventNumber;
    const from = phase;
    live.send(event);
    phase = table(phase, event);
    pairs.add(from * lifeEventNames.length + event);
    if (live.phase() !== phase) {
      const differs = `${phaseNames[from]} --${lifeEventNames[event]}--> ${phaseNames[phase]}, live ${phaseNames[live.phase()]}`;
      return { pairs, steps: step, differs };
    }
    if (phase !== Phase.stopped || ++rest < LONGEST_REST) continue;
    live = liveLifecycle();
    phase = Phase.starting;
    rest = 0;
  }
  return { pairs, steps, differs: undefined };
}

t.test("lifecycle", async (t) => {
  t.test("L1, S20: random walks of live XState actors agree with the table", async (t) => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const { pairs, steps, differs } = walk(advance, seededRandom(seed), STEPS);
    t.equal(differs, undefined, `seed ${seed}`);
    t.equal(steps, STEPS);
    t.equal(pairs.size, PAIRS, `seed ${seed}: every event in every phase`);
  });

  t.test("L1: the walk finds a table that is wrong in any one place", async (t) => {
    for (let pair = 0; pair < PAIRS; pair++) {
      const from = Math.floor(pair / lifeEventNames.length);
      const of = pair % lifeEventNames.length;
      const wrong: Advance = (phase, event) => {
        const next = advance(phase, event);
        if (phase !== from || event !== of) return next;
        return ((next + 1) % phaseNames.length) as PhaseNumber;
      };
      const { differs } = walk(wrong, seededRandom(pair), STEPS);
      t.match(differs, `${phaseNames[from]} --${lifeEventNames[of]}-->`, `pair ${pair}`);
    }
  });

  t.test(
    "leads from phase to phase as the rules of the kernel say, and nowhere else",
    async (t) => {
      // Written down once more on purpose: a machine that is wrong would agree with its own table.
      const arrows = [
        "starting --started--> running",
        "starting --failed--> failed",
        "starting --restart--> restarting",
        "starting --stop--> stopping",
        "running --failed--> failed",
        "running --restart--> restarting",
        "running --drain--> draining",
        "running --stop--> stopping",
        "failed --resume--> running",
        "failed --restart--> restarting",
        "failed --stop--> stopping",
        "restarting --tornDown--> waiting",
        "restarting --stop--> stopping",
        "waiting --restart--> restarting",
        "waiting --due--> starting",
        "waiting --stop--> stopping",
        "draining --failed--> stopping",
        "draining --stop--> stopping",
        "stopping --tornDown--> stopped",
      ];
      const found: string[] = [];
      for (const phase of Object.values(Phase)) {
        for (const event of Object.values(LifeEvent)) {
          const next = advance(phase, event);
          if (next === phase) continue;
          found.push(`${phaseNames[phase]} --${lifeEventNames[event]}--> ${phaseNames[next]}`);
        }
      }
      t.strictSame(found, arrows);
    },
  );

  t.test("L2: stopped is final", async (t) => {
    for (const event of Object.values(LifeEvent))
      t.equal(advance(Phase.stopped, event), Phase.stopped);
  });

  t.test("L3: an event that a phase does not know changes nothing", async (t) => {
    t.equal(advance(Phase.running, LifeEvent.due), Phase.running);
    t.equal(advance(Phase.waiting, LifeEvent.started), Phase.waiting);
  });
});
