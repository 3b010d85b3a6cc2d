/**
 * Single changes to a legal history, each of which breaks an invariant.
 *
 * Owns: the table. A mutation is drawn from the history that it is made to: where it finds nothing to
 * change, it makes none.
 */
import type { Random } from "../../runtime/ports/random.ts";
import type { ThreadKind } from "./legal-threads.ts";
import type { Fact, HistoryRecord, RecordOf } from "./record.ts";

type History = readonly HistoryRecord[];
type Changed = HistoryRecord[] | undefined;
type Type = Fact["type"];

/** A change, the invariant that it breaks, and the thread that has what is changed. */
export interface Mutation {
  readonly name: string;
  readonly breaks: string;
  readonly in: ThreadKind;
  readonly make: (history: History, random: Random) => Changed;
}

/** A record and where it is. */
interface Place {
  readonly at: number;
  readonly record: HistoryRecord;
}

/** A record of a type and where it is. */
interface Found<T extends Type> {
  readonly at: number;
  readonly record: RecordOf<T>;
}

function all<T extends Type>(
  history: History,
  type: T,
  isWanted: (record: RecordOf<T>, at: number) => boolean = () => true,
): Found<T>[] {
  const found: Found<T>[] = [];
  for (const [at, record] of history.entries()) {
    if (record.type === type && isWanted(record as RecordOf<T>, at))
      found.push({ at, record: record as RecordOf<T> });
  }
  return found;
}

function any<T extends Type>(
  history: History,
  random: Random,
  type: T,
  isWanted?: (record: RecordOf<T>, at: number) => boolean,
): Found<T> | undefined {
  const found = all(history, type, isWanted);
  return found.length === 0 ? undefined : found[random.int(found.length)];
}

function without(history: History, found: { readonly at: number } | undefined): Changed {
  return found === undefined ? undefined : history.toSpliced(found.at, 1);
}

/** The record again, right after itself. */
function twice(history: History, found: Place | undefined): Changed {
  return found === undefined ? undefined : history.toSpliced(found.at, 0, found.record);
}

function changed<T extends Type>(
  history: History,
  found: Found<T> | undefined,
  change: (record: RecordOf<T>) => Partial<RecordOf<T>>,
): Changed {
  if (found === undefined) return undefined;
  return history.with(found.at, { ...found.record, ...change(found.record) } as HistoryRecord);
}

/** Told by the same life, at the same time, right after a record. */
function after(history: History, found: Place | undefined, fact: Fact): Changed {
  if (found === undefined) return undefined;
  return history.toSpliced(found.at + 1, 0, { ...found.record, ...fact } as HistoryRecord);
}

function swapped(
  history: History,
  a: { readonly at: number } | undefined,
  b: { readonly at: number } | undefined,
): Changed {
  const [first, second] = [history[a?.at ?? -1], history[b?.at ?? -1]];
  if (a === undefined || b === undefined || first === undefined || second === undefined) return;
  return history.with(a.at, second).with(b.at, first);
}

/** A receipt, and the next one of the same pair by the same start. */
function neighbours(history: History, random: Random) {
  const first = any(history, random, "message.received", (record, at) => nextOf(record, at) >= 0);
  if (first === undefined) return undefined;
  return [first, { at: nextOf(first.record, first.at) }] as const;

  function nextOf(record: RecordOf<"message.received">, from: number): number {
    return history.findIndex(
      (other, at) =>
        at > from &&
        other.type === "message.received" &&
        other.pair === record.pair &&
        other.node === record.node &&
        other.life === record.life &&
        other.start === record.start,
    );
  }
}

/** Nodes that a fault names. */
function touched(history: History): ReadonlySet<string> {
  return new Set(all(history, "fault.began").flatMap(({ record }) => record.touches));
}

const hasTakeOver = (history: History) => (record: RecordOf<"task.done">) =>
  all(history, "task.claimed", ({ task }) => task === record.task).length > 1;

const isSettledOk = ({ outcome }: RecordOf<"ask.settled">) => outcome === "ok";

/** The mutations. */
export const mutations: readonly Mutation[] = [
  {
    name: "a message arrives twice",
    breaks: "T1",
    in: "messages",
    make: (history, random) => twice(history, any(history, random, "message.received")),
  },
  {
    name: "a message arrives that was not sent",
    breaks: "T1",
    in: "messages",
    make: (history, random) => {
      const got = any(history, random, "message.received");
      const isIt = ({ pair, sequence }: RecordOf<"message.sent">) =>
        pair === got?.record.pair && sequence === got.record.sequence;
      return without(history, any(history, random, "message.sent", isIt));
    },
  },
  {
    name: "a refused message arrives",
    breaks: "T1",
    in: "messages",
    make: (history, random) => {
      const got = any(history, random, "message.received");
      if (got === undefined) return undefined;
      const { pair, sequence } = got.record;
      return after(history, got, { type: "message.refused", pair, sequence });
    },
  },
  {
    name: "two messages change places",
    breaks: "T2",
    in: "messages",
    make: (history, random) => {
      const [a, b] = neighbours(history, random) ?? [];
      return swapped(history, a, b);
    },
  },
  {
    name: "a message vanishes",
    breaks: "T3",
    in: "messages",
    make: (history, random) => {
      const killed = touched(history);
      const got = any(history, random, "message.received", ({ node }) => !killed.has(node));
      return without(history, got);
    },
  },
  {
    name: "an ask settles twice",
    breaks: "A1",
    in: "asks",
    make: (history, random) => twice(history, any(history, random, "ask.settled")),
  },
  {
    name: "an ask settles that was not started",
    breaks: "A1",
    in: "asks",
    make: (history, random) => without(history, any(history, random, "ask.started")),
  },
  {
    name: "an ask never settles",
    breaks: "A2",
    in: "asks",
    make: (history, random) => without(history, any(history, random, "ask.settled")),
  },
  {
    name: "an ask settles late",
    breaks: "A2",
    in: "asks",
    make: (history, random) => {
      const settled = any(history, random, "ask.settled");
      const isIt = ({ ask }: RecordOf<"ask.started">) => ask === settled?.record.ask;
      const deadlineAtMs = (settled?.record.atMs ?? 0) - 101;
      return changed(history, any(history, random, "ask.started", isIt), () => ({ deadlineAtMs }));
    },
  },
  {
    name: "a reply goes astray",
    breaks: "A3",
    in: "asks",
    make: (history) => {
      const [a, b] = all(history, "ask.settled", isSettledOk);
      if (b === undefined) return undefined;
      const answers = b.record.ask;
      return changed(history, a, () => ({ answers }));
    },
  },
  {
    name: "a reply comes from nowhere",
    breaks: "A3",
    in: "asks",
    make: (history, random) => {
      const settled = any(history, random, "ask.settled", isSettledOk);
      const isIt = ({ ask }: RecordOf<"ask.answered">) => ask === settled?.record.ask;
      return without(history, any(history, random, "ask.answered", isIt));
    },
  },
  {
    name: "a reply stays pending",
    breaks: "A4",
    in: "asks",
    make: (history, random) =>
      changed(history, any(history, random, "asks.counted"), ({ pending }) => ({
        pending: pending + 1,
      })),
  },
  {
    name: "a task has no end",
    breaks: "D1",
    in: "task",
    make: (history, random) => withoutEnd(history, random),
  },
  {
    name: "a task is done twice",
    breaks: "D2",
    in: "task",
    make: (history, random) => twice(history, any(history, random, "task.done")),
  },
  {
    name: "an end is read that is not the one that was written",
    breaks: "D2",
    in: "task",
    make: (history, random) =>
      changed(history, any(history, random, "task.seen"), ({ attempt = 0 }) => ({
        attempt: attempt + 1,
      })),
  },
  {
    name: "a task is done under an older token",
    breaks: "D3",
    in: "task",
    make: (history, random) => {
      const done = any(history, random, "task.done", hasTakeOver(history));
      const isIt = ({ task }: RecordOf<"task.claimed">) => task === done?.record.task;
      const [first] = all(history, "task.claimed", isIt);
      if (first === undefined) return undefined;
      const { token, node, life, attempt } = first.record;
      return changed(history, done, () => ({ token, node, life, attempt }));
    },
  },
  {
    name: "a task that is done is claimed again",
    breaks: "D3",
    in: "task",
    make: (history, random) => {
      const done = any(history, random, "task.done");
      if (done === undefined) return undefined;
      const { task, capability, attempt, token } = done.record;
      const claim = { task, capability, attempt, deliveries: 9, takenFrom: undefined };
      return after(history, done, { type: "task.claimed", ...claim, token: token + 1 });
    },
  },
  {
    name: "a message is acknowledged before the end",
    breaks: "D4",
    in: "task",
    make: (history, random) => {
      const done = any(history, random, "task.done");
      const isIt = ({ task }: RecordOf<"task.acknowledged">) => task === done?.record.task;
      return swapped(history, done, any(history, random, "task.acknowledged", isIt));
    },
  },
  {
    name: "a message is gone and its task has no end",
    breaks: "D4",
    in: "task",
    make: (history, random) => withoutEnd(history, random),
  },
  {
    name: "an attempt has no reason",
    breaks: "D5",
    in: "task",
    make: (history, random) =>
      changed(history, any(history, random, "task.claimed"), ({ attempt }) => ({
        attempt: attempt + 100,
      })),
  },
  {
    name: "a zombie's result is read",
    breaks: "D6",
    in: "task",
    make: (history, random) => {
      const seen = any(history, random, "task.seen");
      const isIt = ({ task }: RecordOf<"task.claimed">) => task === seen?.record.task;
      const [first] = all(history, "task.claimed", isIt);
      if (first === undefined || first.record.node === seen?.record.owner) return undefined;
      const { node: owner, attempt } = first.record;
      return changed(history, seen, () => ({ owner, attempt }));
    },
  },
  {
    name: "a result was made by somebody else",
    breaks: "D6",
    in: "task",
    make: (history, random) =>
      changed(history, any(history, random, "task.seen"), () => ({ maker: "nobody#1 1" })),
  },
  {
    name: "an act goes back to an older token",
    breaks: "V1",
    in: "activation",
    make: (history, random) =>
      changed(history, any(history, random, "activation.acted"), () => ({ token: 0 })),
  },
  {
    name: "two act under one token",
    breaks: "V1",
    in: "activation",
    make: (history, random) => {
      const acted = any(history, random, "activation.acted", ({ node }) => !node.endsWith("z"));
      return changed(history, acted, () => ({ node: "stranger" }));
    },
  },
  {
    name: "a write goes back to an older token",
    breaks: "V1",
    in: "activation",
    make: (history, random) => {
      const wrote = any(history, random, "activation.wrote", ({ revision }) => revision > 1);
      return changed(history, wrote, () => ({ token: 0 }));
    },
  },
  {
    name: "a write is lost",
    breaks: "V1",
    in: "activation",
    make: (history, random) =>
      changed(
        history,
        any(history, random, "activation.wrote", ({ revision }) => revision > 1),
        ({ revision }) => ({ revision: revision - 1 }),
      ),
  },
  {
    name: "somebody acts who does not hold",
    breaks: "V2",
    in: "activation",
    make: (history, random) =>
      changed(history, any(history, random, "activation.acted"), () => ({ holds: false })),
  },
  {
    name: "somebody acts past the lease",
    breaks: "V2",
    in: "activation",
    make: (history, random) => {
      const acted = any(history, random, "activation.acted", ({ node }) => !node.endsWith("z"));
      return changed(history, acted, () => ({ ownMs: 1_001 }));
    },
  },
  {
    name: "a key stays silent after healing",
    breaks: "V3",
    in: "activation",
    make: (history, random) =>
      without(
        history,
        any(history, random, "activation.acted", ({ node }) => node.endsWith("z")),
      ),
  },
  {
    name: "a child restarts over and over",
    breaks: "S1",
    in: "supervisor",
    make: (history, random) => {
      const isChild = ({ path }: RecordOf<"actor.failed">) => path.startsWith("top");
      const failed = any(history, random, "actor.failed", isChild);
      if (failed === undefined) return undefined;
      return history.toSpliced(failed.at, 0, ...Array.from({ length: 5 }, () => failed.record));
    },
  },
  {
    name: "a child does not restart",
    breaks: "S2",
    in: "supervisor",
    make: (history, random) => without(history, restart(history, random)),
  },
  {
    name: "a child restarts once more",
    breaks: "S2",
    in: "supervisor",
    make: (history, random) => twice(history, restart(history, random)),
  },
  {
    name: "a parent is gone",
    breaks: "S3",
    in: "supervisor",
    make: (history, random) =>
      changed(history, any(history, random, "actors.listed"), ({ paths }) => ({
        paths: paths.slice(1),
      })),
  },
  {
    name: "a parent ends and its children do not",
    breaks: "S3",
    in: "supervisor",
    make: (history, random) => {
      const isParent = ({ path }: RecordOf<"actor.started">) => /^top\d+$/.test(path);
      const parent = any(history, random, "actor.started", isParent);
      const path = parent?.record.path ?? "";
      return after(history, parent, { type: "actor.stopped", path, reason: "normal" });
    },
  },
  {
    name: "somebody handles a message while down",
    breaks: "S4",
    in: "supervisor",
    make: (history, random) => {
      const isChild = ({ path }: RecordOf<"actor.failed">) => path.startsWith("top");
      const failed = any(history, random, "actor.failed", isChild);
      const path = failed?.record.path ?? "";
      const mark = { pair: "y>down", sequence: 1 };
      return after(history, failed, { type: "message.received", path, start: 99, ...mark });
    },
  },
  {
    name: "a round is awarded twice",
    breaks: "U1",
    in: "auction",
    make: (history, random) => twice(history, any(history, random, "auction.awarded")),
  },
  {
    name: "a round is left out",
    breaks: "U1",
    in: "auction",
    make: (history, random) =>
      changed(history, any(history, random, "auction.awarded"), ({ round }) => ({
        round: round + 1,
      })),
  },
  {
    name: "a winner never bid",
    breaks: "U2",
    in: "auction",
    make: (history, random) => {
      const won = any(history, random, "auction.awarded");
      const isIt = ({ auction, bidder }: RecordOf<"bid.received">) =>
        auction === won?.record.auction && bidder === won.record.bidder;
      return without(history, any(history, random, "bid.received", isIt));
    },
  },
  {
    name: "a winner bid another price",
    breaks: "U2",
    in: "auction",
    make: (history, random) =>
      changed(history, any(history, random, "auction.awarded"), ({ priceMicros }) => ({
        priceMicros: priceMicros + 1,
      })),
  },
  {
    name: "a result is of another round",
    breaks: "U3",
    in: "auction",
    make: (history, random) =>
      changed(history, any(history, random, "auction.settled"), ({ round = 0 }) => ({
        round: round + 1,
      })),
  },
  {
    name: "a result is of somebody else",
    breaks: "U3",
    in: "auction",
    make: (history, random) =>
      changed(history, any(history, random, "auction.performed"), () => ({ bidder: "nobody" })),
  },
  {
    name: "an auction costs too much",
    breaks: "U4",
    in: "auction",
    make: (history, random) =>
      changed(history, any(history, random, "auction.settled"), ({ paidMicros }) => ({
        paidMicros: paidMicros + 1,
      })),
  },
  {
    name: "an award is above the budget",
    breaks: "U4",
    in: "auction",
    make: (history, random) =>
      changed(history, any(history, random, "auction.awarded"), () => ({ priceMicros: 201 })),
  },
  {
    name: "an auction never closes",
    breaks: "U5",
    in: "auction",
    make: (history, random) => without(history, any(history, random, "auction.closed")),
  },
  {
    name: "a client waits for ever",
    breaks: "U5",
    in: "auction",
    make: (history, random) => without(history, any(history, random, "auction.settled")),
  },
  {
    name: "a read is stale",
    breaks: "B1",
    in: "register",
    make: (history, random) => {
      // The thread begins with two writes and a read, one after the other.
      const read = any(history, random, "register.called", ({ op }) => / 3$/.test(op));
      const isIt = ({ op }: RecordOf<"register.returned">) => op === read?.record.op;
      const returned = any(history, random, "register.returned", isIt);
      return changed(history, returned, () => ({ revision: 0 }));
    },
  },
  {
    name: "a write takes another's revision",
    breaks: "B1",
    in: "register",
    make: (history, random) => {
      const isOf = (n: number) => (record: RecordOf<"register.returned">) =>
        record.op.endsWith(` ${n}`);
      const [first] = all(history, "register.returned", isOf(1));
      const second = any(
        history,
        random,
        "register.returned",
        ({ op }) => op === first?.record.op.replace(/ 1$/, " 2"),
      );
      const revision = first?.record.revision ?? 0;
      return changed(history, second, () => ({ revision }));
    },
  },
  {
    name: "a compare-and-set goes through that expected an older revision",
    breaks: "B1",
    in: "register",
    make: (history, random) => {
      const second = any(history, random, "register.called", ({ op }) => / 2$/.test(op));
      return changed(history, second, () => ({ expected: 0 }));
    },
  },
  {
    name: "a watcher sees an older revision",
    breaks: "B2",
    in: "register",
    make: (history, random) => {
      const seen = any(history, random, "register.watched", ({ watcher }, at) =>
        history.some(
          (other, before) =>
            before < at && other.type === "register.watched" && other.watcher === watcher,
        ),
      );
      return changed(history, seen, () => ({ revision: 0 }));
    },
  },
];

/** A task's end is neither told nor read. */
function withoutEnd(history: History, random: Random): Changed {
  const done = any(history, random, "task.done");
  if (done === undefined) return undefined;
  const { task } = done.record;
  return history.filter(
    (record) =>
      !((record.type === "task.done" || record.type === "task.seen") && record.task === task),
  );
}

/** A restart of a declared child after the last failure below its supervisor: no other makes up for it. */
function restart(history: History, random: Random): Found<"actor.started"> | undefined {
  const last = all(history, "actor.failed", ({ path }) => path.startsWith("top")).at(-1);
  const [top] = last?.record.path.split("/") ?? [];
  return any(
    history,
    random,
    "actor.started",
    ({ path }, at) => path.startsWith(`${top}/`) && at > (last?.at ?? 0),
  );
}
