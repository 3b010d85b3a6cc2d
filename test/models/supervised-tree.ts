/**
 * Random trees of supervised actors, and a log of what happens to them.
 *
 * Owns: the actors, and watching them start, stop and handle notes. What ought to happen is
 * `tree-reference.ts` and the models'.
 *
 * Checks by itself, in any order of events: G7 S3 (none outlives its parent), G7 S4 (nothing is handled between the stop of a generation
 * and the start of the next), S8 (notes of one sender in order, each at most once), G7 S1 (restarts
 * per window).
 */
import fc from "fast-check";
import {
  type ActorContext,
  type ActorDefinition,
  actor,
  type SpawnOptions,
} from "../../runtime/actor.ts";
import type { ActorRef } from "../../runtime/actor-ref.ts";
import type { TroupeEvent } from "../../runtime/event.ts";
import { protocol, type Tell, tell } from "../../runtime/protocol.ts";
import type { AutoShutdown, Decision, RestartType, Strategy } from "../../runtime/supervision.ts";
import type { ModelWorld } from "./model-world.ts";

/** An actor of the tree, with those below it. */
export interface TreeSpec {
  /** Unique in the tree. */
  readonly name: string;
  readonly restart: RestartType;
  readonly strategy: Strategy;
  /** Its intensity as a supervisor; the defaults of S11 when absent. */
  readonly limit: { readonly restarts: number; readonly withinMs: number } | undefined;
  /** What its decider says of every failure below it. */
  readonly decision: Decision | undefined;
  /** Its end by itself counts for its parent's `autoShutdown`; never of a permanent one. */
  readonly significant: boolean;
  readonly autoShutdown: AutoShutdown;
  readonly children: readonly TreeSpec[];
}

/** Between the end of a generation and the start of the next. */
export const PAUSE_MS = 10;
/** The longest wait for a handler. */
const SHUTDOWN_MS = 20;

const operations = {
  /** Is counted. */
  note: tell<number>(),
  crash: tell(),
  /** Stops by itself. */
  leave: tell(),
  fatal: tell(),
  /** Is busy for a while. */
  work: tell<number>(),
  /** Starts a child that fails to start, and does not wait for it. */
  adopt: tell(),
};
type NodeOperations = typeof operations;
const Node = protocol("node@1", operations);

const broken = actor(
  protocol("broken@1", {}),
  () => {
    throw new Error("broken");
  },
  {},
);

/** A reference to an actor of the tree. */
export type NodeRef = ActorRef<{
  readonly note: Tell<number>;
  readonly crash: Tell<undefined>;
  readonly leave: Tell<undefined>;
  readonly fatal: Tell<undefined>;
  readonly work: Tell<number>;
  readonly adopt: Tell<undefined>;
}>;
type NodeContext = ActorContext<NodeOperations, State, TreeSpec>;
type InitContext = ActorContext<NodeOperations, never, TreeSpec>;

/** Made by `init`. */
interface State {
  readonly generation: number;
}

/** What was sent to one cell. */
export interface Notes {
  readonly ref: NodeRef;
  readonly sent: number[];
  readonly handled: number[];
}

/** A tree in a world. */
export class SupervisedTree {
  /** `+name generation` started, `-name` was taken down, `.name reason` ended, `!name` never started. */
  readonly log: string[] = [];
  /** Inits still to fail, by name. */
  readonly failing: Map<string, number> = new Map();
  /** How long the next inits take, by name. */
  readonly slow: Map<string, number[]> = new Map();
  /** By name, of the cell started last. */
  readonly refs: Map<string, NodeRef> = new Map();
  /** Of all cells that there were. */
  readonly notes: Notes[] = [];
  readonly #world: ModelWorld;
  readonly #running = new Set<string>();
  /** Those whose present cell has started once. */
  readonly #started = new Set<string>();
  /** Started or about to start, and not ended. */
  readonly #living = new Set<string>();
  readonly #definition: ActorDefinition<NodeOperations, TreeSpec>;
  readonly #specs = new Map<string, TreeSpec>();
  readonly #parents = new Map<string, string>();
  /** When children of a supervisor were restarted after a failure; by its name, of its present cell. */
  readonly #restarts = new Map<string, number[]>();
  readonly #notesOf = new Map<string, Notes>();
  /** Those whose handler waits. */
  readonly #busy = new Set<unknown>();
  /** How many generations there were of a name. */
  readonly #generations = new Map<string, number>();
  #noted = 0;

  constructor(world: ModelWorld) {
    this.#world = world;
    this.#definition = this.#defined();
  }

  /** Starts the tree below the system's guardian. */
  spawn(spec: TreeSpec): NodeRef {
    this.#learn(spec, "");
    const ref = this.#world.system.spawn(this.#definition, { ...optionsOf(spec), input: spec });
    this.#know(spec.name, ref);
    return ref;
  }

  /** Sees what the event feed says. */
  observe(event: TroupeEvent): void {
    if (event.type === "actor.started") {
      const name = nameIn(event.path);
      if (!this.#specs.has(name)) return;
      this.#running.add(name);
      this.#started.add(name);
      this.log.push(`+${name} ${event.generation}`);
    } else if (event.type === "actor.stopped") {
      const name = nameIn(event.path);
      if (!this.#specs.has(name)) return;
      this.#running.delete(name);
      this.#restarts.delete(name);
      this.#living.delete(name);
      const orphans = [...this.#living].filter((each) => this.#parents.get(each) === name);
      this.#world.expect(orphans.length === 0, `G7 S3: ${name} ended before ${orphans.join()}`);
      const hasStarted = this.#started.has(name);
      this.log.push(hasStarted ? `.${name} ${event.reason}` : `!${name}`);
    } else if (event.type === "actor.failed") {
      const name = nameIn(event.path);
      if (event.decision === "restart") this.#countRestart(this.#parents.get(name) ?? "");
      else if (event.decision === "resume") this.#running.add(name);
    }
  }

  /** Those who have not ended. */
  get living(): readonly string[] {
    return [...this.#living];
  }

  isRunning(name: string): boolean {
    return this.#running.has(name);
  }

  /** Sends the next note to a cell. */
  note(name: string): void {
    const notes = this.#notesOf.get(name);
    if (notes === undefined) return;
    const n = this.#noted++;
    notes.sent.push(n);
    notes.ref.tell("note", n);
  }

  /** S8, T3: whatever was sent was handled in order or is a dead letter; lost is nothing. */
  checkNotes(): void {
    const world = this.#world;
    const dead = new Map<unknown, number>();
    for (const { type, body } of world.letters) {
      if (type === "node.note@1") dead.set(body, (dead.get(body) ?? 0) + 1);
    }
    for (const { sent, handled } of this.notes) {
      const done = new Set(handled);
      for (const n of sent) {
        const times = (done.has(n) ? 1 : 0) + (dead.get(n) ?? 0);
        world.expect(times === 1, `T3: note ${n} came to ${times} ends`);
      }
    }
  }

  #learn(spec: TreeSpec, parent: string): void {
    this.#specs.set(spec.name, spec);
    this.#parents.set(spec.name, parent);
    for (const child of spec.children) this.#learn(child, spec.name);
  }

  #know(name: string, ref: NodeRef): void {
    this.refs.set(name, ref);
    this.#living.add(name);
    this.#started.delete(name);
    const notes: Notes = { ref, sent: [], handled: [] };
    this.notes.push(notes);
    this.#notesOf.set(name, notes);
  }

  /** G7 S1: restarts per window ≤ intensity. */
  #countRestart(supervisor: string): void {
    const limit = this.#specs.get(supervisor)?.limit;
    if (limit === undefined) return;
    const nowMs = this.#world.nowMs;
    const times = [...(this.#restarts.get(supervisor) ?? []), nowMs];
    this.#restarts.set(supervisor, times);
    const recent = times.filter((atMs) => nowMs - atMs < limit.withinMs).length;
    this.#world.expect(
      recent <= limit.restarts,
      `G7 S1: ${recent} restarts below ${supervisor} in ${limit.withinMs} ms`,
    );
  }

  #defined(): ActorDefinition<NodeOperations, TreeSpec> {
    const takesNote = (ctx: NodeContext, n: number): void => {
      const { name } = ctx.input;
      const world = this.#world;
      world.expect(this.#running.has(name), `G7 S4: ${name} handled note ${n} while it was down`);
      world.expect(!this.#busy.has(ctx), `S1: ${name} handled note ${n} while it was busy`);
      // A state that never was would be a bug as well.
      const generation = (ctx.state as State | undefined)?.generation;
      const last = this.#generations.get(name);
      world.expect(
        generation === last,
        `S8, S10: ${name} works with the state of start ${generation}, the last was ${last}`,
      );
      const notes = this.notes.find(({ sent }) => sent.includes(n));
      if (notes === undefined) return;
      const before = notes.handled.at(-1) ?? -1;
      world.expect(n > before, `S8: ${name} handled note ${n} after ${before}`);
      notes.handled.push(n);
    };
    const init = (spec: TreeSpec, ctx: InitContext): State | Promise<State> => {
      const left = this.failing.get(spec.name) ?? 0;
      if (left > 0) {
        this.failing.set(spec.name, left - 1);
        throw new Error("init");
      }
      const slowMs = this.slow.get(spec.name)?.shift() ?? 0;
      if (spec.children.length === 0 && slowMs === 0) return this.#state(ctx);
      return this.#startSlowly(spec, ctx, slowMs);
    };
    return actor<NodeOperations, State, TreeSpec>(
      Node,
      init,
      {
        note: takesNote,
        crash: ({ input: { name } }) => {
          this.#running.delete(name);
          throw new Error("crash");
        },
        leave: (ctx) => ctx.stop(),
        fatal: (ctx) => {
          this.#running.delete(ctx.input.name);
          ctx.fatal("fatal");
        },
        work: async (ctx, ms) => {
          this.#busy.add(ctx);
          await this.#world.after(ms);
          this.#busy.delete(ctx);
        },
        adopt: (ctx) => void ctx.spawn(broken),
      },
      {
        stopping: ({ input: { name } }) => {
          this.#running.delete(name);
          this.log.push(`-${name}`);
        },
      },
    );
  }

  async #startSlowly(spec: TreeSpec, ctx: InitContext, slowMs: number): Promise<State> {
    const state = this.#state(ctx);
    if (slowMs > 0) await this.#world.after(slowMs);
    for (const child of spec.children) {
      const ref = ctx.spawn(this.#definition, { ...optionsOf(child), input: child });
      this.#know(child.name, ref);
      await ref.ready;
    }
    return state;
  }

  /** Remembers which generation began last. */
  #state({ input: { name } }: InitContext): State {
    const generation = (this.#generations.get(name) ?? 0) + 1;
    this.#generations.set(name, generation);
    return { generation };
  }
}

function optionsOf(spec: TreeSpec): SpawnOptions {
  const { name, restart, strategy, limit, decision, significant, autoShutdown } = spec;
  return {
    name,
    restart,
    strategy,
    significant,
    autoShutdown,
    shutdown: SHUTDOWN_MS,
    backoff: { initial: PAUSE_MS, max: PAUSE_MS, jitter: 0 },
    ...(limit === undefined
      ? {}
      : { intensity: { restarts: limit.restarts, within: limit.withinMs } }),
    ...(decision === undefined ? {} : { decide: () => decision }),
  };
}

function nameIn(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** All of a tree, parents before children. */
export function allOf(spec: TreeSpec): readonly TreeSpec[] {
  return [spec, ...spec.children.flatMap(allOf)];
}

interface Shape {
  readonly restart: RestartType;
  readonly strategy: Strategy;
  readonly limit: TreeSpec["limit"];
  readonly decision: Decision | undefined;
  readonly significant: boolean;
  readonly autoShutdown: AutoShutdown;
  readonly children: readonly Shape[];
}

const { root } = fc.letrec<{ root: Shape; tree: Shape; leaf: Shape }>((tie) => {
  const shape = (children: fc.Arbitrary<Shape[]>): fc.Arbitrary<Shape> =>
    fc.record({
      restart: fc.constantFrom("transient", "permanent", "transient", "permanent", "temporary"),
      strategy: fc.constantFrom("one-for-one", "one-for-all", "rest-for-one"),
      limit: fc.option(
        fc.record({
          restarts: fc.integer({ min: 0, max: 3 }),
          withinMs: fc.constantFrom(400, 50_000),
        }),
        { nil: undefined, freq: 2 },
      ),
      decision: fc.oneof(
        { weight: 5, arbitrary: fc.constant(undefined) },
        {
          weight: 2,
          arbitrary: fc.constantFrom<Decision>("resume", "restart", "stop", "escalate"),
        },
      ),
      significant: fc.boolean(),
      autoShutdown: fc.oneof(
        { weight: 6, arbitrary: fc.constant<AutoShutdown>("never") },
        {
          weight: 1,
          arbitrary: fc.constantFrom<AutoShutdown>("any-significant", "all-significant"),
        },
      ),
      children,
    });
  const some = (minLength: number, maxLength: number): fc.Arbitrary<Shape[]> =>
    fc.array(fc.oneof({ maxDepth: 2 }, tie("leaf"), tie("tree")), {
      minLength,
      maxLength,
      size: "max",
    });
  return { leaf: shape(fc.constant([])), tree: shape(some(1, 3)), root: shape(some(2, 3)) };
});

/** Trees of up to three levels below the root. */
export const trees: fc.Arbitrary<TreeSpec> = root.map((shape) => named(shape, { next: 0 }));

function named(shape: Shape, counter: { next: number }): TreeSpec {
  const name = `n${counter.next++}`;
  const children = shape.children.map((child) => named(child, counter));
  // What becomes of a failure below a supervisor that is itself told to go on is not specified.
  const isUnclear = shape.decision === "resume" && children.some((c) => c.children.length > 0);
  return {
    ...shape,
    name,
    decision: isUnclear ? undefined : shape.decision,
    // A permanent one never ends by itself.
    significant: shape.significant && shape.restart !== "permanent",
    children,
  };
}
