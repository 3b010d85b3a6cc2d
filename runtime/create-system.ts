/**
 * Makes a system: the guardian, the kernel it shares with all cells, the way to other nodes.
 *
 * Owns: putting the parts together and taking them apart. Everything else is in the parts.
 *
 * I1: the guardian supervises one for one and never gives up: a top-level actor that needs too many
 *     restarts ends with reason `intensity`.
 * I2: after `shutdown` nothing of the system runs, and no timer of it is left.
 */
import { actor } from "./actor.ts";
import { addressOf, checkedNodeName, nodeOf, pathOf } from "./address.ts";
import { durationMs } from "./duration.ts";
import { behaviorOf, cellOptions } from "./kernel/behavior.ts";
import { Cell } from "./kernel/cell.ts";
import { Watch } from "./kernel/death-watch.ts";
import { Delay } from "./kernel/delay.ts";
import { stop } from "./kernel/ending.ts";
import { addressIn, Kernel } from "./kernel/kernel.ts";
import { type Directory, LocalRef } from "./kernel/local-ref.ts";
import { wake } from "./kernel/queue.ts";
import { queueDepthBelow } from "./kernel/queue-depth.ts";
import { actorAt, actorsBelow, countBelow } from "./kernel/survey.ts";
import { copierOf } from "./plain-data.ts";
import { memoryPorts } from "./ports/memory-ports.ts";
import type { Ports } from "./ports/ports.ts";
import { protocol } from "./protocol.ts";
import { baseName, type Registration, registrationsByName } from "./registration.ts";
import { ReminderPump } from "./reminder/reminder-pump.ts";
import { Remote } from "./remote/remote.ts";
import { beginSpawning, type Spawning } from "./spawning/begin-spawning.ts";
import type { System } from "./system.ts";
import { TroupeError } from "./troupe-error.ts";
import { addressOfKey, parseVirtual } from "./virtual/virtual-address.ts";
import type { Virtuals } from "./virtual/virtuals.ts";

/** Options of {@link createSystem}: ports that are not given are in memory. */
export type SystemOptions = Partial<Ports> & {
  /** This system's node name; default the transport's, or `local`. */
  readonly node?: string;
  /** The actors that it can run when somebody asks for them by name. */
  readonly actors?: readonly Registration[];
  /**
   * Carries every local message, answer and chunk as a wire would: what could not travel to another
   * node fails here too, and nobody shares an object with anybody. For tests; off by default.
   */
  readonly checkMessages?: boolean | { /** Default 64 MB. */ readonly maxBytes?: number };
};

const SHUTDOWN_MS = 10_000;
/** Of the time that a shutdown may take, how much moving others' children and virtual actors elsewhere may. */
const HAND_OVER_SHARE = 0.5;
/** S18: the largest body of a message. */
const MOST_BYTES = 64 * 1_024 * 1_024;
const guardian = actor(protocol("guardian@1", {}), () => undefined, {}, { restart: "temporary" });

/**
 * Starts a system.
 *
 * @throws {TypeError} when the node name is none, or is not the transport's, or when two actors are
 *   registered under one name
 *
 * @example
 * const system = createSystem();
 * const ref = system.spawn(counter);
 * ref.tell("add", 2);
 * await ref.ask("total"); // 2
 * await system.shutdown();
 */
export function createSystem(options: SystemOptions = {}): System {
  const { checkMessages = false, actors, ...others } = options;
  const { node = options.transport?.node ?? "local", ...given } = others;
  const registrations = registrationsByName(actors ?? []);
  checkedNodeName(node);
  if (given.transport !== undefined && given.transport.node !== node) {
    throw new TypeError(`node ${node} was given the transport of ${given.transport.node}`);
  }
  const kernel = new Kernel(node, memoryPorts(node, given));
  if (checkMessages !== false) {
    const { maxBytes = MOST_BYTES } = checkMessages === true ? {} : checkMessages;
    kernel.copyMessage = copierOf(maxBytes);
  }
  const root = new Cell(
    {
      kernel,
      behavior: behaviorOf(guardian),
      options: cellOptions({ restart: "temporary", mailbox: { capacity: 1 } }),
    },
    undefined,
    "",
    undefined,
  );
  wake(root);
  const directory: Directory = { kernel, find: finderBelow(root) };
  const isAlone = given.membership === undefined && given.transport === undefined;
  const findsVirtual = given.transport?.findsVirtual === true;
  const remote = new Remote(directory, findsVirtual ? undefined : { registrations, root, isAlone });
  kernel.outward = remote;
  kernel.ports.transport.attach(remote);
  const forget = kernel.ports.membership.subscribe(({ member }) => {
    remote.virtuals?.membersChanged();
    if (member.phase === "down" && member.name !== node) remote.nodeDown(member.name);
  });
  const spawning = actors === undefined ? undefined : beginSpawning(root, registrations);
  const actorOf: System["actorOf"] = (of, key, type) =>
    remote.refOf(of, addressOfKey(of, key, type), undefined);
  const pump = findsVirtual
    ? undefined
    : new ReminderPump({
        ports: kernel.ports,
        registrations: registrations.values(),
        actorOf,
      });
  let ending: Promise<void> | undefined;
  return {
    node,
    ports: kernel.ports,
    registrations,
    spawn: (definition, ...[spawnOptions]) => {
      if (ending !== undefined) throw new TroupeError("system.stopped", "the system has stopped");
      return new LocalRef(root.spawn(definition, spawnOptions), undefined).as();
    },
    takesSigned: (address, operation) => {
      const virtual = parseVirtual(address);
      const definition =
        virtual === undefined ? undefined : registrations.get(virtual.type)?.definition;
      if (definition !== undefined)
        return definition.protocol.operations[operation]?.signed === true;
      if (nodeOf(address) !== node) return false;
      return directory.find(pathOf(address))?.behavior.find(operation)?.isSigned === true;
    },
    refOf: (of, address) => remote.refOf(of, address, undefined),
    actorOf,
    singletonOf: (of, name = baseName(of)) =>
      remote.refOf(of, addressOfKey(of, name, name), undefined),
    stop: async (target, how = "stop") => {
      const cell = LocalRef.cellOf(target) ?? localCell(directory, target.address);
      if (cell !== undefined) await keptAlive(kernel, stop(cell, how));
    },
    watch: (target, ended) => {
      const cell = typeof target === "string" ? undefined : LocalRef.cellOf(target);
      const watch = new Watch(addressIn(target), ended);
      if (cell === undefined) remote.watch(watch);
      else if (cell.hasStopped) watch.notify("no-such-actor");
      else cell.addWatcher(watch);
      return () => {
        if (watch.ended) return;
        watch.end();
        remote.unwatch(watch);
        cell?.removeWatcher(watch);
      };
    },
    onDeadLetter: (listener) => kernel.deadLetters.listen(listener),
    get deadLetters() {
      return kernel.deadLetters.count;
    },
    get fenced() {
      return kernel.fenced;
    },
    get pendingReplies() {
      return kernel.replies.count;
    },
    get actorCount() {
      return countBelow(root);
    },
    actors: (query = {}) => actorsBelow(root, query),
    actor: (path) => actorAt(root, path),
    get streamsOut() {
      return remote.streamsOut;
    },
    queueDepth: () => queueDepthBelow(root),
    shutdown: ({ deadline = SHUTDOWN_MS } = {}) => {
      pump?.end();
      ending ??= keptAlive(
        kernel,
        shutDown(kernel, root, durationMs(deadline), { spawning, virtuals: remote.virtuals }),
      ).finally(() => {
        forget();
        spawning?.end();
      });
      return ending;
    },
  };
}

/** What a program awaits keeps its process alive: the clock's timers do not, and nobody else may. */
async function keptAlive<T>(kernel: Kernel, work: Promise<T>): Promise<T> {
  const release = kernel.ports.clock.keepAlive?.();
  try {
    return await work;
  } finally {
    release?.();
  }
}

/** Stops all actors; those that are not down by the deadline are killed. */
async function shutDown(
  kernel: Kernel,
  root: Cell,
  deadlineMs: number,
  parts: { readonly spawning: Spawning | undefined; readonly virtuals: Virtuals | undefined },
): Promise<void> {
  const endMs = kernel.nowMs() + deadlineMs;
  const { spawning, virtuals } = parts;
  // While everything still runs: what is to live on elsewhere takes its messages along.
  const handOverMs = deadlineMs * HAND_OVER_SHARE;
  await Promise.all([spawning?.handOver(handOverMs), virtuals?.handOver(handOverMs)]);
  virtuals?.close();
  const stopped = stop(root, "stop");
  const limit = new Delay(kernel.wheel, kernel.nowMs(), Math.max(0, endMs - kernel.nowMs()));
  const inTime = await Promise.race([stopped.then(() => true), limit.over]);
  limit.finish(true);
  if (!inTime) {
    kernel.ports.log.warn({ deadlineMs }, "shutdown deadline passed; killing what is left");
    void stop(root, "kill");
    await stopped;
  }
  kernel.wheel.stop();
}

/** How many paths are remembered; what other nodes address is mostly the same few. */
const KNOWN_PATHS = 4_096;

/** Finds actors by path, and remembers those that were asked for. */
function finderBelow(root: Cell): (path: string) => Cell | undefined {
  const known = new Map<string, Cell>();
  return (path) => {
    const before = known.get(path);
    if (before !== undefined && !before.hasStopped) return before;
    const cell = found(root, path);
    if (cell === undefined) {
      known.delete(path);
      return undefined;
    }
    if (known.size >= KNOWN_PATHS) known.clear();
    known.set(path, cell);
    return cell;
  };
}

/** The actor at a path: names joined by `/`, each a child of the one before. */
function found(root: Cell, path: string): Cell | undefined {
  let cell: Cell | undefined = root;
  for (const name of path.split("/")) {
    cell = cell?.children.find(name);
    if (cell === undefined) return undefined;
  }
  return cell;
}

function localCell(directory: Directory, address: string): Cell | undefined {
  if (nodeOf(address) === directory.kernel.node) return directory.find(pathOf(address));
  throw new TypeError(`${address} is not on ${addressOf(directory.kernel.node, "")}`);
}
