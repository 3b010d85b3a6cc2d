/**
 * State machines as actors: a user's XState machine is the behaviour, its events are the protocol.
 *
 * Owns: the definition. Its neighbour `machine-run.ts` runs the machine, `machine-protocol.ts` says
 * which operations it has.
 *
 * A1: a definition may be spawned any number of times; each actor runs a machine of its own.
 * A2: what the machine does not handle in its present state it ignores, as XState does.
 * A3: a restart begins from the input, or from the record that `snapshot` gives.
 */
import type { AnyStateMachine, EmittedFrom, EventFromLogic, EventObject, InputFrom } from "xstate";
import {
  type ActorContext,
  type ActorDefinition,
  type ActorOptions,
  actor,
  type Handlers,
} from "../actor.ts";
import { isThenable } from "../kernel/thenable.ts";
import type { Operations } from "../protocol.ts";
import { TroupeError } from "../troupe-error.ts";
import type { MachineInspection } from "./machine-inspection.ts";
import { type MachineOperations, machineProtocol, STEP } from "./machine-protocol.ts";
import type { MachineRecord } from "./machine-record.ts";
import { MachineRun, type RunContext } from "./machine-run.ts";
import type { Condition } from "./machine-waiters.ts";

/** What the options of a machine actor may do; the state is the machine's own. */
export type MachineContext<M extends AnyStateMachine> = Omit<
  ActorContext<MachineOperations<M>, unknown, InputFrom<M>>,
  "state"
>;

/** Options of {@link machineActor}. */
export interface MachineActorOptions<M extends AnyStateMachine> extends ActorOptions {
  /** `name@version`; default the machine's id at version 1. */
  readonly protocol?: string;
  /** Event types that no `on` names: those that only a wildcard or another actor handles. */
  readonly events?: readonly EventFromLogic<M>["type"][];
  /** The machine's implementations that need the actor: to tell others, to call models. */
  readonly provide?: (ctx: MachineContext<M>) => Parameters<M["provide"]>[0];
  /** Where every start begins: a record, or what finds the last one that was saved. */
  readonly snapshot?:
    | MachineRecord
    | ((ctx: MachineContext<M>) => MachineRecord | undefined | Promise<MachineRecord | undefined>);
  /** Called at the start and after every step that changed the machine; the next waits for it. */
  readonly save?: (record: MachineRecord, ctx: MachineContext<M>) => void | Promise<void>;
  /** Called with what the machine emits. */
  readonly emitted?: (event: EmittedFrom<M>, ctx: MachineContext<M>) => void;
  /** Called with XState's inspection events; takes three quarters of the throughput. */
  readonly inspect?: (event: MachineInspection) => void;
}

/** The options with their types erased. */
interface AnyOptions {
  readonly provide?: (ctx: RunContext) => Parameters<AnyStateMachine["provide"]>[0];
  readonly snapshot?: MachineRecord | ((ctx: RunContext) => unknown);
  readonly save?: (record: MachineRecord, ctx: RunContext) => unknown;
  readonly emitted?: (event: EventObject, ctx: RunContext) => unknown;
  readonly inspect?: (event: MachineInspection) => void;
}

/**
 * Defines an actor whose behaviour is an XState machine.
 *
 * The machine's events are its tells, its input is the actor's. Its delays use the system's clock; what
 * it throws, or leaves unhandled, fails the actor; in a final state the actor stops. It also answers
 * `snapshot`, `persisted`, `until` and `output`.
 *
 * @param machine - typed by `setup({ types })`: events without types are no operations
 * @throws {TypeError} when an event's type is no operation's name, or that of one of the asks
 *
 * Cost: 8 KB an actor, about half of it XState's, and as much time per event as XState takes.
 *
 * @example
 * const light = machineActor(lightMachine);
 * const ref = system.spawn(light, { name: "light" });
 * ref.tell("toggle");
 * (await ref.ask("snapshot")).value; // "on"
 */
export function machineActor<M extends AnyStateMachine>(
  machine: M,
  options: MachineActorOptions<M> = {},
): ActorDefinition<MachineOperations<M>, InputFrom<M>> {
  const { protocol, events = [], provide, snapshot, save, emitted, inspect, ...rest } = options;
  const erased = { provide, snapshot, save, emitted, inspect } as unknown as AnyOptions;
  const of = machineProtocol(machine, protocol, events);
  const handlers: Record<string, Handler> = {};
  for (const operation of Object.keys(of.operations)) {
    handlers[operation] = own.get(operation) ?? receiverOf(operation);
  }
  const init = (_input: unknown, ctx: unknown): unknown =>
    begun(machine, erased, ctx as RunContext);
  const definition = actor(
    of,
    init,
    handlers as unknown as Handlers<Operations, unknown, unknown>,
    rest,
  );
  return definition as unknown as ActorDefinition<MachineOperations<M>, InputFrom<M>>;
}

/** A context whose state is the run. */
type Context = Omit<RunContext, "state"> & { readonly state: MachineRun };

type Handler = (ctx: Context, payload: unknown) => unknown;

/** The operations that are no events of the machine. */
const own: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ["snapshot", ({ state }) => state.state()],
  ["persisted", ({ state }) => state.persisted()],
  ["until", ({ state }, condition) => state.until((condition ?? {}) as Condition)],
  ["output", ({ state }) => state.output()],
  [STEP, ({ state }) => state.catchUp()],
]);

function receiverOf(type: string): Handler {
  return (ctx, payload) => {
    if (payload === undefined) return ctx.state.receive({ type });
    if (typeof payload !== "object" || payload === null || Array.isArray(payload)) {
      return ctx.fail("not-an-event", payload);
    }
    return ctx.state.receive({ ...payload, type });
  };
}

function begun(
  machine: AnyStateMachine,
  options: AnyOptions,
  ctx: RunContext,
): MachineRun | Promise<MachineRun> {
  const { snapshot, save } = options;
  const given = typeof snapshot === "function" ? snapshot(ctx) : snapshot;
  if (save === undefined && !isThenable(given)) {
    return runOf(machine, options, ctx, given as MachineRecord | undefined);
  }
  return (async () => {
    const record = (await given) as MachineRecord | undefined;
    if (ctx.signal.aborted) throw new TroupeError("actor.stopped", "stopped while it started");
    const run = runOf(machine, options, ctx, record);
    await save?.(run.record(), ctx);
    return run;
  })();
}

function runOf(
  machine: AnyStateMachine,
  { provide, save, emitted, inspect }: AnyOptions,
  ctx: RunContext,
  record: MachineRecord | undefined,
): MachineRun {
  const provided = provide === undefined ? machine : machine.provide(provide(ctx));
  return new MachineRun(provided, ctx, record, {
    save: save === undefined ? undefined : (saved) => save(saved, ctx),
    emitted: emitted === undefined ? undefined : (event) => emitted(event, ctx),
    inspect,
  });
}
