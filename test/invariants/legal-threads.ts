/**
 * The threads that legal histories are made of: each tells of something of its own that goes as it should.
 *
 * Owns: what is legal. A thread's names are its own, so that threads may be interleaved in any way.
 */
import type { Random } from "../../runtime/ports/random.ts";
import { Steps, type Thread } from "./legal-thread.ts";
import { makerName } from "./no-zombie-result.ts";
import type { Fact } from "./record.ts";
import { registerThread } from "./register-thread.ts";

/** What a thread is of. */
export type ThreadKind =
  | "messages"
  | "asks"
  | "task"
  | "activation"
  | "supervisor"
  | "auction"
  | "register";

const kinds: Readonly<Record<ThreadKind, (id: string, random: Random) => Thread>> = {
  messages: messageThread,
  asks: askThread,
  task: taskThread,
  activation: activationThread,
  supervisor: supervisorThread,
  auction: auctionThread,
  register: registerThread,
};

/** All of them. */
export const threadKinds: readonly ThreadKind[] = Object.keys(kinds) as ThreadKind[];

/** Draws a thread of a kind; `id` is its own. */
export function threadOf(kind: ThreadKind, id: string, random: Random): Thread {
  return kinds[kind](id, random);
}

const HARNESS = "harness#1";
const LONG_MS = 60_000;

/** A sender and a receiver that restarts, or is killed with what is on its way. */
function messageThread(id: string, random: Random): Thread {
  const told = new Steps();
  const [sender, node, path] = [`s${id}#1`, `r${id}`, `r${id}/b`];
  const pair = `${sender}/a>${path}`;
  let life = 1;
  let start = 1;
  let generation = 1;
  let sent = 0;
  let underWay: number[] = [];
  const receiver = () => `${node}#${life}`;
  const started = () => told.tell(receiver(), { type: "actor.started", path, generation });
  const arrive = (sequence: number): void => {
    const by = random.int(8) === 0 ? "message.dropped" : "message.received";
    const mark = { pair, sequence };
    if (by === "message.received") told.tell(receiver(), { type: by, path, start, ...mark });
    else told.tell(receiver(), { type: by, reason: "expired", ...mark });
  };
  started();
  // Three that arrive at once, so that no thread is without.
  for (const sequence of [1, 2, 3]) {
    const mark = { pair, sequence: ++sent };
    told.tell(sender, { type: "message.sent", kind: "tell", to: node, ...mark });
    told.tell(receiver(), { type: "message.received", path, start, pair, sequence });
  }
  for (let n = 6 + random.int(20); n > 0; n--) {
    const what = random.int(12);
    if (what < 6) {
      const mark = { pair, sequence: ++sent };
      told.tell(sender, { type: "message.sent", kind: "tell", to: node, ...mark });
      if (random.int(5) === 0) told.tell(sender, { type: "message.refused", ...mark });
      else underWay.push(mark.sequence);
    } else if (what < 10) {
      const next = underWay.shift();
      if (next !== undefined) arrive(next);
    } else if (what === 10) {
      told.tell(receiver(), failure(path, generation++));
      start++;
      started();
    } else {
      told.tell(HARNESS, kill(`kill ${id} ${life}`, node));
      told.tell(HARNESS, { type: "life.ended", of: node, ofLife: `${life}`, how: "killed" });
      underWay = [];
      life++;
      start = 1;
      generation = 1;
      started();
    }
  }
  for (const sequence of underWay) arrive(sequence);
  return { steps: told.steps, atLast: [] };
}

/** Asks that settle in every way, several open at a time. */
function askThread(id: string, random: Random): Thread {
  const told = new Steps();
  const [asker, answerer] = [`a${id}#1`, `b${id}#1`];
  const open: string[] = [];
  const settle = (ask: string, what: number): void => {
    if (what === 0) told.tell(asker, { type: "ask.settled", ask, outcome: "never-ran" });
    else if (what === 1) {
      told.tell(answerer, { type: "ask.answered", ask });
      told.tell(asker, { type: "ask.settled", ask, outcome: "unknown" });
    } else {
      told.tell(answerer, { type: "ask.answered", ask });
      told.tell(asker, { type: "ask.settled", ask, outcome: "ok", answers: ask });
    }
  };
  for (let n = 0, asked = 4 + random.int(8); n < asked; n++) {
    const ask = `${asker} ${n}`;
    told.tell(asker, (nowMs) => ({ type: "ask.started", ask, deadlineAtMs: nowMs + LONG_MS }));
    open.push(ask);
    told.tell(asker, { type: "asks.counted", pending: open.length });
    while (open.length > random.int(3)) {
      const [ask = ""] = open.splice(random.int(open.length), 1);
      settle(ask, n < 2 ? 2 : random.int(6));
    }
  }
  for (const ask of open) settle(ask, 2);
  const atLast = new Steps();
  atLast.tell(asker, { type: "asks.counted", pending: 0 });
  return { steps: told.steps, atLast: atLast.steps };
}

/** A task that fails, is taken over from whoever was killed or stood still, and is done. */
function taskThread(id: string, random: Random): Thread {
  const told = new Steps();
  const [task, capability] = [`job${id}.1`, `work${id}@1`];
  const client = `c${id}#1`;
  told.tell(client, { type: "task.submitted", task, capability });
  told.tell(client, { type: "task.accepted", task, capability });
  told.tell(client, { type: "task.confirmed", task, capability });
  let token = 1 + random.int(5);
  let attempt = 1;
  let takenFrom: string | undefined;
  const deliveries = () => attempt;
  const claim = (node: string): void => {
    const claimed = { task, capability, attempt, token, deliveries: deliveries(), takenFrom };
    told.tell(`${node}#1`, { type: "task.claimed", ...claimed });
  };
  for (let losses = 1 + random.int(3); losses > 0; losses--) {
    const node = `w${id}x${attempt}`;
    claim(node);
    const stale = token;
    token += 1 + random.int(9);
    takenFrom = undefined;
    switch (random.int(3)) {
      case 0:
        told.tell(`${node}#1`, {
          type: "task.failed",
          task,
          capability,
          attempt,
          message: "bad luck",
          again: true,
        });
        break;
      case 1:
        told.tell(HARNESS, kill(`kill ${node}`, node));
        told.tell(HARNESS, { type: "life.ended", of: node, ofLife: "1", how: "killed" });
        takenFrom = node;
        break;
      case 2: {
        const fault = `pause ${node}`;
        const touches = [node];
        told.tell(HARNESS, { type: "fault.began", fault, kind: "pause", touches, stalls: true });
        takenFrom = node;
        attempt++;
        claim(`w${id}x${attempt}`);
        told.tell(HARNESS, { type: "fault.ended", fault });
        told.tell(`${node}#1`, { type: "task.fenced", task, token: stale });
        // And the one who took it over gives it up again.
        const gaveUp = { task, capability, attempt, message: "bad luck", again: true };
        told.tell(`w${id}x${attempt}#1`, { type: "task.failed", ...gaveUp });
        token++;
        takenFrom = undefined;
      }
    }
    attempt++;
  }
  const owner = `w${id}last`;
  claim(owner);
  const end = { task, capability, attempt, token };
  told.tell(`${owner}#1`, { type: "task.done", ...end }, { type: "task.acknowledged", task });
  const atLast = new Steps();
  const maker = makerName(owner, "1", attempt);
  atLast.tell(client, { type: "task.seen", task, phase: "done", attempt, owner, maker });
  atLast.tell(HARNESS, { type: "queue.counted", capability, messages: 0 });
  return { steps: told.steps, atLast: atLast.steps };
}

/** A key whose owners follow each other. */
function activationThread(id: string, random: Random): Thread {
  const told = new Steps();
  const [actor, key, unit] = ["account", `k${id}`, `unit${id}`];
  let token = 1 + random.int(5);
  let revision = 0;
  let ownMs = 0;
  const act = () => ({ type: "activation.acted", actor, key, token, holds: true, ownMs }) as const;
  const own = (by: string): void => {
    told.tell(by, { type: "shard.taken", unit, token }, { type: "lease.held", untilMs: 1_000 });
    told.tell(by, { type: "activation.started", actor, key, token });
    ownMs = 0;
    for (let n = 2 + random.int(4); n > 0; n--) {
      ownMs += random.int(200);
      told.tell(by, act());
      told.tell(by, { type: "activation.wrote", actor, key, token, revision: ++revision });
    }
  };
  own(`h${id}a#1`);
  for (let moves = 1 + random.int(3); moves > 0; moves--) {
    token += 1 + random.int(4);
    own(`h${id}b${moves}#1`);
  }
  const atLast = new Steps();
  token++;
  ownMs = 0;
  atLast.tell(HARNESS, { type: "activation.wanted", actor, key });
  atLast.tell(`h${id}z#1`, act());
  return { steps: told.steps, atLast: atLast.steps };
}

/** A supervisor whose children fail and restart as its strategy has it. */
function supervisorThread(id: string, random: Random): Thread {
  const told = new Steps();
  const [by, path] = [`p${id}#1`, `top${id}`];
  const strategies = ["one-for-one", "one-for-all", "rest-for-one"] as const;
  const strategy = strategies[random.int(3)] ?? "one-for-one";
  const names = ["a", "b", "c", "d"].map((name) => `${path}/${name}`);
  const generations = new Map(names.map((name) => [name, 1]));
  const starts = new Map(names.map((name) => [name, 1]));
  told.tell(by, {
    type: "supervisor.declared",
    path,
    strategy,
    intensity: { restarts: 20, withinMs: 60_000 },
    childIntensity: { restarts: 5, withinMs: 30_000 },
    children: names.map((name) => ({ path: name, restart: "transient" })),
  });
  for (const name of names) {
    told.tell(by, { type: "actor.started", path: name, generation: 1 });
  }
  told.tell(by, { type: "actor.started", path, generation: 1 });
  let sequence = 0;
  const receive = (name: string): void => {
    const mark = { pair: `x>${name}`, sequence: ++sequence };
    told.tell(by, { type: "message.sent", kind: "tell", to: `p${id}`, ...mark });
    const start = starts.get(name) ?? 1;
    told.tell(by, { type: "message.received", path: name, start, ...mark });
  };
  for (let failures = 1 + random.int(4); failures > 0; failures--) {
    const at = random.int(names.length - 1);
    const failed = names[at] ?? "";
    receive(failed);
    told.tell(by, failure(failed, generations.get(failed) ?? 1));
    const touched =
      strategy === "one-for-one" ? [failed] : strategy === "one-for-all" ? names : names.slice(at);
    for (const name of touched) {
      const generation = (generations.get(name) ?? 1) + 1;
      generations.set(name, generation);
      starts.set(name, (starts.get(name) ?? 1) + 1);
      told.tell(by, { type: "actor.started", path: name, generation });
    }
    receive(failed);
  }
  const atLast = new Steps();
  atLast.tell(by, { type: "actors.listed", paths: [path, ...names] });
  return { steps: told.steps, atLast: atLast.steps };
}

/** An auction that is sold, to the runner-up now and then. */
function auctionThread(id: string, random: Random): Thread {
  const told = new Steps();
  const [client, auctioneer, auction] = [`c${id}#1`, `m${id}#1`, `sale${id}`];
  const bids = ["x", "y", "z"].map((name) => ({
    bidder: `${name}${id}`,
    priceMicros: 1 + random.int(50),
  }));
  const rounds = 1 + random.int(bids.length);
  const awarded = bids.slice(0, rounds);
  const budgetMicros = 200;
  told.tell(client, { type: "auction.requested", auction, budgetMicros });
  told.tell(auctioneer, { type: "auction.opened", auction, capability: "read@1" });
  for (const bid of bids) told.tell(auctioneer, { type: "bid.received", auction, ...bid });
  for (const [at, bid] of awarded.entries()) {
    told.tell(auctioneer, { type: "auction.awarded", auction, ...bid, round: at + 1 });
  }
  const bidder = awarded.at(-1)?.bidder ?? "";
  const paidMicros = awarded.reduce((sum, { priceMicros }) => sum + priceMicros, 0);
  told.tell(`${bidder}#1`, { type: "auction.performed", auction, bidder, round: rounds });
  told.tell(auctioneer, { type: "auction.closed", auction, outcome: "awarded" });
  const result = { outcome: "awarded", bidder, round: rounds, paidMicros };
  told.tell(client, { type: "auction.settled", auction, ...result });
  return { steps: told.steps, atLast: [] };
}

function kill(fault: string, node: string): Fact {
  return { type: "fault.began", fault, kind: "kill", touches: [node], forMs: 0 };
}

function failure(path: string, generation: number): Fact {
  const message = "bad luck";
  return {
    type: "actor.failed",
    path,
    generation,
    operation: "work",
    message,
    decision: "restart",
  };
}
