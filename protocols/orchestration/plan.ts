/**
 * Plans: assignments and what each needs of the others, an acyclic graph.
 *
 * Owns: building a plan in code with types, and checking one that came from elsewhere (a model, the
 * wire). `orchestration.ts` carries a plan out.
 *
 * L1: ids are unique, every need names an assignment of the plan, and there is no cycle.
 * L2: a plan is plain data.
 *
 * Cost: building and checking are O(assignments + needs). Source: Kahn 1962 for the order.
 */
import type { Priority } from "../../runtime/ports/durable-queue.ts";
import type { Result } from "../../runtime/result.ts";
import { err, ok } from "../../runtime/result.ts";
import type { Assignment, Fallback } from "./assignment.ts";
import { needsOf } from "./assignment.ts";
import type { Capability } from "./capability.ts";
import { isCapabilityName } from "./capability.ts";

declare const result: unique symbol;

/** A job's assignments. */
export interface Plan {
  /** One token of letters, digits, `_` and `-`; names the job's tasks. */
  readonly job: string;
  readonly assignments: readonly Assignment[];
}

/** An assignment of the plan under construction; stands for its future result. */
export interface Assigned<R> {
  readonly id: string;
  readonly [result]?: R;
}

/** Where a field computed by another assignment comes from; a list may come from several. */
export type Need<T> = [T] extends [readonly (infer E)[]]
  ? Assigned<T> | readonly Assigned<E>[]
  : Assigned<T>;

/** What is said of an assignment beside its capability. */
export type AssignmentOptions<I, G> = {
  readonly id: string;
  readonly priority?: Priority;
  readonly fallback?: readonly Fallback[];
  readonly maxAttempts?: number;
} & ([keyof G] extends [never] ? { readonly given?: G } : { readonly given: G }) &
  ([Exclude<keyof I, keyof G>] extends [never]
    ? { readonly needs?: Readonly<Record<never, never>> }
    : { readonly needs: { readonly [K in Exclude<keyof I, keyof G>]: Need<I[K]> } });

/** Adds an assignment to a plan; every field of the capability's input is given or needed. */
export type Assign = <I, R, G extends Partial<I> = Record<never, never>>(
  capability: Capability<I, R>,
  options: AssignmentOptions<I, G>,
) => Assigned<R>;

/** What is wrong with a plan. */
export interface PlanFault {
  readonly kind: "malformed" | "duplicate-id" | "unknown-need" | "cycle";
  /** The assignment concerned; absent when the plan as a whole is malformed. */
  readonly assignment?: string;
  /** One sentence that says what to do. */
  readonly message: string;
}

const TOKEN = /^[A-Za-z0-9_-]+$/;
const ID = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;
const MOST_RETRIES = 100;

/**
 * Builds a plan. A need is the value that an earlier `assign` returned, so a cycle cannot be written.
 *
 * @param job - one token of letters, digits, `_` and `-`
 * @throws {TypeError} when the plan is faulty: see {@link PlanFault}
 *
 * @example
 * const review = plan("job-7", (assign) => {
 *   const text = assign(Read, { id: "read.1", given: { path } });
 *   assign(Classify, { id: "classify.1", needs: { text }, fallback: [{ kind: "retry", times: 1 }] });
 * });
 */
export function plan(job: string, write: (assign: Assign) => void): Plan {
  const assignments: Assignment[] = [];
  write((capability, options) => {
    const { id, given, needs, priority, fallback, maxAttempts } = options;
    assignments.push({
      id,
      capability: capability.name,
      given: (given ?? {}) as Readonly<Record<string, unknown>>,
      needs: Object.fromEntries(
        Object.entries(needs ?? {}).map(([field, need]) => [field, idsOf(need)]),
      ),
      priority: priority ?? "batch",
      fallback: fallback ?? [],
      ...(maxAttempts === undefined ? {} : { maxAttempts }),
    });
    return { id };
  });
  const checked = parsePlan({ job, assignments });
  if (checked.ok) return checked.value;
  throw new TypeError(`faulty plan: ${checked.error.map((fault) => fault.message).join("; ")}`);
}

function idsOf(need: unknown): string | readonly string[] {
  return Array.isArray(need)
    ? need.map((one: Assigned<unknown>) => one.id)
    : (need as Assigned<unknown>).id;
}

/**
 * A plan from data that was made elsewhere, or all that is wrong with it.
 *
 * `given`, `needs`, `priority` and `fallback` may be left out of an assignment.
 */
export function parsePlan(value: unknown): Result<Plan, readonly PlanFault[]> {
  if (!isRecord(value) || typeof value.job !== "string" || !TOKEN.test(value.job)) {
    return err([malformed("a plan needs a job: one token of A-Z a-z 0-9 _ -")]);
  }
  if (!Array.isArray(value.assignments)) {
    return err([malformed("a plan needs a list of assignments")]);
  }
  const faults: PlanFault[] = [];
  const assignments: Assignment[] = [];
  const list: readonly unknown[] = value.assignments;
  list.forEach((item, index) => {
    const parsed = parseAssignment(item, index);
    if (parsed.ok) assignments.push(parsed.value);
    else faults.push(parsed.error);
  });
  if (faults.length === 0) faults.push(...graphFaults(assignments));
  return faults.length === 0 ? ok({ job: value.job, assignments }) : err(faults);
}

function parseAssignment(item: unknown, index: number): Result<Assignment, PlanFault> {
  const id = isRecord(item) ? item.id : undefined;
  if (!isRecord(item) || typeof id !== "string" || !ID.test(id)) {
    return err(
      malformed(`assignment ${index} needs an id: tokens of A-Z a-z 0-9 _ - joined by dots`),
    );
  }
  const { capability, given = {}, needs = {}, priority = "batch", fallback = [] } = item;
  if (typeof capability !== "string" || !isCapabilityName(capability)) {
    return err(malformed(`${id} needs a capability like classify@1`, id));
  }
  if (!isRecord(given)) return err(malformed(`${id}: given must be an object`, id));
  if (!isRecord(needs) || !Object.values(needs).every(isNeed)) {
    return err(malformed(`${id}: needs must map fields to assignment ids`, id));
  }
  if (priority !== "interactive" && priority !== "batch") {
    return err(malformed(`${id}: priority must be interactive or batch`, id));
  }
  if (!Array.isArray(fallback) || !fallback.every(isFallback)) {
    return err(
      malformed(`${id}: a fallback is a retry (1 to ${MOST_RETRIES}), reassign or default`, id),
    );
  }
  const maxAttempts = item.maxAttempts;
  if (maxAttempts !== undefined && !isCount(maxAttempts)) {
    return err(malformed(`${id}: maxAttempts must be an integer from 1`, id));
  }
  return ok({
    id,
    capability,
    given: given as Assignment["given"],
    needs: needs as Assignment["needs"],
    priority,
    fallback: fallback as readonly Fallback[],
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
  });
}

function graphFaults(assignments: readonly Assignment[]): readonly PlanFault[] {
  const byId = new Map<string, Assignment>();
  const faults: PlanFault[] = [];
  for (const assignment of assignments) {
    const { id } = assignment;
    if (byId.has(id)) {
      faults.push({ kind: "duplicate-id", assignment: id, message: `${id} is there twice` });
    }
    byId.set(id, assignment);
  }
  for (const assignment of assignments) {
    for (const need of needsOf(assignment)) {
      if (byId.has(need)) continue;
      const message = `${assignment.id} needs ${need}, which is not in the plan`;
      faults.push({ kind: "unknown-need", assignment: assignment.id, message });
    }
  }
  if (faults.length > 0) return faults;
  const cycle = cycleIn(assignments, byId);
  if (cycle === undefined) return [];
  const message = `${cycle.join(" needs ")} is a cycle: leave one of these needs out`;
  return [{ kind: "cycle", message, ...(cycle[0] === undefined ? {} : { assignment: cycle[0] }) }];
}

/** One cycle, its first member repeated at the end. */
function cycleIn(
  assignments: readonly Assignment[],
  byId: ReadonlyMap<string, Assignment>,
): readonly string[] | undefined {
  const left = unordered(assignments);
  // Whatever is left needs something that is left, so walking along needs must come round.
  const seen = new Map<string, number>();
  const path: string[] = [];
  let at = left.values().next().value;
  while (at !== undefined && !seen.has(at)) {
    seen.set(at, path.length);
    path.push(at);
    const assignment = byId.get(at);
    at = assignment && needsOf(assignment).find((need) => left.has(need));
  }
  return at === undefined ? undefined : [...path.slice(seen.get(at)), at];
}

/** The ids that no order can place: members of cycles and what needs them. */
function unordered(assignments: readonly Assignment[]): ReadonlySet<string> {
  const missing = new Map<string, number>();
  const dependants = new Map<string, string[]>();
  const free: string[] = [];
  for (const assignment of assignments) {
    const needs = needsOf(assignment);
    missing.set(assignment.id, needs.length);
    if (needs.length === 0) free.push(assignment.id);
    for (const need of needs) {
      const list = dependants.get(need);
      if (list === undefined) dependants.set(need, [assignment.id]);
      else list.push(assignment.id);
    }
  }
  const left = new Set(missing.keys());
  for (let id = free.pop(); id !== undefined; id = free.pop()) {
    left.delete(id);
    for (const dependant of dependants.get(id) ?? []) {
      const count = (missing.get(dependant) ?? 0) - 1;
      missing.set(dependant, count);
      if (count === 0) free.push(dependant);
    }
  }
  return left;
}

function malformed(message: string, assignment?: string): PlanFault {
  return { kind: "malformed", message, ...(assignment === undefined ? {} : { assignment }) };
}

/** The fields of plans, assignments and fallbacks before they are checked. */
interface Unchecked {
  readonly job?: unknown;
  readonly assignments?: unknown;
  readonly id?: unknown;
  readonly capability?: unknown;
  readonly given?: unknown;
  readonly needs?: unknown;
  readonly priority?: unknown;
  readonly fallback?: unknown;
  readonly maxAttempts?: unknown;
  readonly kind?: unknown;
  readonly times?: unknown;
  readonly value?: unknown;
}

function isRecord(value: unknown): value is Unchecked {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNeed(value: unknown): boolean {
  return typeof value === "string" || (Array.isArray(value) && value.every(isString));
}

function isString(value: unknown): boolean {
  return typeof value === "string";
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1;
}

function isFallback(value: unknown): boolean {
  if (!isRecord(value)) return false;
  switch (value.kind) {
    case "retry":
      return isCount(value.times) && value.times <= MOST_RETRIES;
    case "reassign":
      return typeof value.capability === "string" && isCapabilityName(value.capability);
    case "default":
      return "value" in value;
    default:
      return false;
  }
}
