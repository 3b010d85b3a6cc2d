/**
 * A register that clients use at the same time, as a thread of a legal history.
 *
 * Owns: the register itself: each operation takes effect at one moment between its call and its return.
 */
import type { Random } from "../../runtime/ports/random.ts";
import { Steps, type Thread } from "./legal-thread.ts";
import type { Fact, RecordOf } from "./record.ts";

const CLIENTS = 3;

/** An operation under way. */
interface Operation {
  readonly op: string;
  readonly by: string;
  readonly action: RecordOf<"register.called">["action"];
  readonly expected: number | undefined;
  /** What it came to, once it took effect. */
  outcome?: Fact;
}

/** Clients that read, write and compare and set, and a watcher. */
export function registerThread(id: string, random: Random): Thread {
  const told = new Steps();
  const key = `key${id}`;
  let revision = 0;
  let calls = 0;
  let watched = 0;
  const seen = new Map<string, number>();
  let open: Operation[] = [];

  const call = (by: string, action: Operation["action"]): Operation => {
    const op = `${key} ${++calls}`;
    const expected = action === "compare-and-set" ? (seen.get(by) ?? 0) : undefined;
    told.tell(by, {
      type: "register.called",
      op,
      key,
      action,
      ...(expected === undefined ? {} : { expected }),
    });
    return { op, by, action, expected };
  };
  const takeEffect = (operation: Operation): void => {
    const { op, action, expected } = operation;
    const type = "register.returned";
    const isRefused = expected !== undefined && expected !== revision;
    if (action !== "read" && !isRefused) revision += 1 + random.int(3);
    const outcome = isRefused ? "conflict" : "ok";
    operation.outcome = { type, op, outcome, revision };
  };
  const finish = (operation: Operation): void => {
    if (operation.outcome === undefined) takeEffect(operation);
    const { outcome, by, op } = operation;
    if (random.int(12) === 0) told.tell(by, { type: "register.returned", op, outcome: "unknown" });
    else if (outcome !== undefined) told.tell(by, outcome);
    seen.set(by, revision);
    watch();
  };
  const watch = (): void => {
    if (revision === watched) return;
    watched = revision;
    told.tell(`v${id}#1`, { type: "register.watched", watcher: `v${id}`, key, revision });
  };

  // A write and a read that are known, one after the other, so that no thread is without.
  const alone = (action: Operation["action"]): void => {
    const operation = call(`u${id}x0#1`, action);
    takeEffect(operation);
    if (operation.outcome !== undefined) told.tell(operation.by, operation.outcome);
    seen.set(operation.by, revision);
    watch();
  };
  for (const action of ["write", "compare-and-set", "read"] as const) alone(action);

  for (let n = 10 + random.int(20); n > 0; n--) {
    const by = `u${id}x${random.int(CLIENTS)}#1`;
    const own = open.find((operation) => operation.by === by);
    if (own === undefined) {
      const actions = ["read", "write", "compare-and-set"] as const;
      open.push(call(by, actions[random.int(3)] ?? "read"));
    } else if (own.outcome === undefined && random.int(2) === 0) takeEffect(own);
    else {
      finish(own);
      open = open.filter((operation) => operation !== own);
    }
  }
  for (const operation of open) finish(operation);
  return { steps: told.steps, atLast: [] };
}
