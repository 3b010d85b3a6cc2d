/** Tasks and dead letters as they lie in their streams: packed maps with a format version. */
import type { QueuedTask } from "../../runtime/ports/durable-queue.ts";
import { err, ok, type Result } from "../../runtime/result.ts";
import { shown } from "../../runtime/shown.ts";
import { unpack } from "../wire/packing.ts";

/** A task that could not be done, and what was tried. */
export interface DeadTask {
  readonly task: QueuedTask;
  readonly history: unknown;
}

/** Reads a queued task; an error says in one line what the bytes are instead. */
export function queuedTaskOf(bytes: Uint8Array): Result<QueuedTask, string> {
  const map = versionedMap(bytes);
  if (!map.ok) return map;
  const task = taskIn(map.value);
  return task === undefined ? err("is no task") : ok(task);
}

/** Reads a dead letter; an error says in one line what the bytes are instead. */
export function deadTaskOf(bytes: Uint8Array): Result<DeadTask, string> {
  const map = versionedMap(bytes);
  if (!map.ok) return map;
  const { task, history } = map.value;
  const dead = isMap(task) ? taskIn(task) : undefined;
  return dead === undefined ? err("is no dead letter") : ok({ task: dead, history });
}

interface OpenMap {
  readonly v?: unknown;
  readonly id?: unknown;
  readonly capability?: unknown;
  readonly priority?: unknown;
  readonly body?: unknown;
  readonly task?: unknown;
  readonly history?: unknown;
}

function versionedMap(bytes: Uint8Array): Result<OpenMap, string> {
  const value = unpack(bytes);
  if (!value.ok) return value;
  if (!isMap(value.value)) return err("is no map");
  return value.value.v === 1 ? ok(value.value) : err(`has format version ${shown(value.value.v)}`);
}

function taskIn(map: OpenMap): QueuedTask | undefined {
  const { id, capability, priority, body } = map;
  if (typeof id !== "string" || typeof capability !== "string") return undefined;
  if (priority !== "interactive" && priority !== "batch") return undefined;
  return { id, capability, priority, body };
}

function isMap(value: unknown): value is OpenMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
