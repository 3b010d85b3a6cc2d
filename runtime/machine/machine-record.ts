/**
 * A machine's state as plain data, and back.
 *
 * Owns: what a record holds beside XState's persisted snapshot, and finding the machine's actors by
 * their place in it.
 *
 * R1: a record is an XState persisted snapshot: `createActor(machine, { snapshot })` takes it too.
 * R2: a delayed event goes on with what was left of its delay. XState's own snapshots forget delays.
 * R3: reading a record does not change it.
 */
import type { AnyActorRef, EventObject, Snapshot } from "xstate";
import { plainCopy } from "../plain-copy.ts";
import type { MachineClock } from "./machine-clock.ts";

/** An event that was on its way when a record was made. */
export interface MachineDelay {
  /** Who sent it, by the ids from the machine down; the machine itself is the empty path. */
  readonly source: readonly string[];
  readonly target: readonly string[];
  readonly event: EventObject;
  readonly id: string;
  readonly leftMs: number;
}

/** A machine's state as plain data; XState's persisted snapshot and the delays outstanding. */
export type MachineRecord = Snapshot<unknown> & { readonly delays?: readonly MachineDelay[] };

/**
 * The state of a machine and of those below it.
 *
 * @throws {TypeError} when its context, or the input or state of an actor below it, is no plain data
 * @throws {Error} when an actor below it was spawned from logic without a name
 */
export function recordOf(root: AnyActorRef, clock: MachineClock): MachineRecord {
  const delays = clock.outstanding().flatMap(({ source, target, event, id, leftMs }) => {
    const [from, to] = [pathOf(source, root), pathOf(target, root)];
    return from === undefined || to === undefined
      ? []
      : [{ source: from, target: to, event, id, leftMs }];
  });
  return plainCopy({ ...root.getPersistedSnapshot(), delays }) as MachineRecord;
}

/** The part of a record that XState restores, which it changes in doing so. */
export function snapshotIn(record: MachineRecord): Snapshot<unknown> {
  const { delays, ...snapshot } = plainCopy(record) as MachineRecord;
  return snapshot;
}

/** Puts the delayed events of a record on their way again. */
export function resumeDelays(root: AnyActorRef, record: MachineRecord): void {
  for (const { source, target, event, id, leftMs } of record.delays ?? []) {
    const [from, to] = [actorAt(root, source), actorAt(root, target)];
    if (from === undefined || to === undefined) continue;
    root.system.scheduler.schedule(from, to, event, leftMs, id);
  }
}

function pathOf(actor: AnyActorRef, root: AnyActorRef): readonly string[] | undefined {
  const path: string[] = [];
  let at: AnyActorRef | undefined = actor;
  for (; at !== root; at = at._parent) {
    if (at === undefined) return undefined;
    path.unshift(at.id);
  }
  return path;
}

function actorAt(root: AnyActorRef, path: readonly string[]): AnyActorRef | undefined {
  let at: AnyActorRef | undefined = root;
  for (const id of path) {
    if (at === undefined) return undefined;
    const { children } = at.getSnapshot() as { readonly children?: Record<string, AnyActorRef> };
    at = children?.[id];
  }
  return at;
}
