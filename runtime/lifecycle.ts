/**
 * The life of an actor as an XState machine, compiled at load into a table that all cells share.
 *
 * Owns: which phase follows which. What a phase means in deeds is the cell's business (`cell.ts`).
 * The one home of `xstate` in the kernel.
 *
 * L1: the table agrees with the machine on every (phase, event) pair; a random walk of live XState
 *     actors against it is a permanent test.
 * L2: `stopped` is final. L3: an event that a phase does not know changes nothing.
 * L4: phases and events are those of the machine, all of them, and every phase can be reached; a
 *     machine of which this is not true fails to load.
 *
 * Cost: one byte read per event. A live XState actor per cell would cost 3.6 KB and 20 µs.
 */
import { createActor, createMachine, initialTransition, transition } from "xstate";

/** Where in its life an actor is. Up to `waiting` it takes messages in. */
export const Phase = {
  /** `init` runs, or is about to. */
  starting: 0,
  running: 1,
  /** It failed; its supervisor decides. */
  failed: 2,
  /** The failed generation is being taken down. */
  restarting: 3,
  /** The pause before the next start. */
  waiting: 4,
  /** Handles what is queued and takes in no more. */
  draining: 5,
  stopping: 6,
  stopped: 7,
} as const;

/** One of {@link Phase}. */
export type PhaseNumber = (typeof Phase)[keyof typeof Phase];

/** What can happen to an actor. */
export const LifeEvent = {
  /** `init` succeeded. */
  started: 0,
  /** `init` or a handler threw. */
  failed: 1,
  /** The supervisor lets it go on as if nothing had happened. */
  resume: 2,
  restart: 3,
  /** The old generation is down. */
  tornDown: 4,
  /** The pause is over. */
  due: 5,
  drain: 6,
  stop: 7,
} as const;

/** One of {@link LifeEvent}. */
export type LifeEventNumber = (typeof LifeEvent)[keyof typeof LifeEvent];

const machine = createMachine({
  id: "actor",
  initial: "starting",
  states: {
    starting: {
      on: { started: "running", failed: "failed", restart: "restarting", stop: "stopping" },
    },
    running: {
      on: { failed: "failed", restart: "restarting", drain: "draining", stop: "stopping" },
    },
    failed: { on: { resume: "running", restart: "restarting", stop: "stopping" } },
    restarting: { on: { tornDown: "waiting", stop: "stopping" } },
    waiting: { on: { due: "starting", restart: "restarting", stop: "stopping" } },
    draining: { on: { failed: "stopping", stop: "stopping" } },
    stopping: { on: { tornDown: "stopped" } },
    stopped: { type: "final" },
  },
});

/** The names of the phases, by number. */
export const phaseNames: readonly string[] = Object.keys(Phase);
/** The names of the events, by number. */
export const lifeEventNames: readonly string[] = Object.keys(LifeEvent);

const EVENTS = lifeEventNames.length;
const table = compiled();

/** The phase after an event. */
export function advance(phase: PhaseNumber, event: LifeEventNumber): PhaseNumber {
  return table[phase * EVENTS + event] as PhaseNumber;
}

/** A live XState actor of the machine: what the table is tested against. */
export function liveLifecycle(): { send(event: LifeEventNumber): void; phase(): PhaseNumber } {
  const actor = createActor(machine).start();
  return {
    send: (event) => actor.send({ type: nameOf(event) }),
    phase: () => numberOf(actor.getSnapshot().value),
  };
}

/** Walks the machine from its initial state with XState's pure transition until no phase is new. */
function compiled(): Uint8Array {
  const { events } = machine;
  if (events.length !== EVENTS || events.some((name) => !lifeEventNames.includes(name))) {
    throw new RangeError(`the machine has other events: ${events.join(", ")}`);
  }
  const steps = new Uint8Array(phaseNames.length * EVENTS);
  const [initial] = initialTransition(machine);
  const seen = new Set<PhaseNumber>([numberOf(initial.value)]);
  const open = [initial];
  for (let snapshot = open.pop(); snapshot !== undefined; snapshot = open.pop()) {
    const from = numberOf(snapshot.value);
    for (let event = 0; event < EVENTS; event++) {
      const [next] = transition(machine, snapshot, { type: nameOf(event as LifeEventNumber) });
      const to = numberOf(next.value);
      steps[from * EVENTS + event] = to;
      if (seen.has(to)) continue;
      seen.add(to);
      open.push(next);
    }
  }
  if (seen.size !== phaseNames.length) throw new RangeError("a phase cannot be reached");
  return steps;
}

function nameOf(event: LifeEventNumber): string {
  return lifeEventNames[event] as string;
}

function numberOf(value: unknown): PhaseNumber {
  const name = String(value);
  // A table of bytes would take `undefined` for the first phase.
  if (!Object.hasOwn(Phase, name)) throw new RangeError(`the machine has another phase: ${name}`);
  return Phase[name as keyof typeof Phase];
}
