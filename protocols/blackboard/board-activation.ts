/**
 * Activations of a board: who is there, what is due, what runs where, and what is lost.
 *
 * Owns: the part of a board's decisions that concerns sources. Its neighbours: `agenda.ts` says what is
 * best, `blackboard.ts` what their statements mean.
 */
import type { Address } from "../../runtime/address.ts";
import { ksarOf } from "./agenda.ts";
import type { StoredKsar } from "./board-key.ts";
import type { BoardState } from "./board-state.ts";
import { entriesOf } from "./board-state.ts";
import type { Entry } from "./entry.ts";
import type { KnowledgeSource } from "./knowledge-source.ts";
import { maySee } from "./knowledge-source.ts";
import type { TriggerIndex } from "./trigger.ts";
import { compileTriggers } from "./trigger.ts";

/** An instance of a source is there. */
export function join(board: BoardState, declaration: KnowledgeSource, instance: Address): void {
  const known = board.sources.get(declaration.name);
  if (known === undefined) {
    board.sources.set(declaration.name, { declaration, instances: new Map([[instance, 0]]) });
    board.index = compileTriggers([...board.sources.values()].map((one) => one.declaration));
    // What stands already is new to it: this is how a source that comes later goes on from there.
    const own = compileTriggers([declaration]);
    for (const { entry } of board.entries.values()) offer(board, own, entry);
  } else if (!known.instances.has(instance)) {
    known.instances.set(instance, 0);
  }
}

/** An instance is gone; what it had in hand is lost. */
export function leave(board: BoardState, instance: Address): void {
  for (const source of board.sources.values()) {
    if (!source.instances.delete(instance) || source.instances.size > 0 || board.patient) continue;
    board.patient = true;
    board.effects.push({ type: "awaitSources" });
  }
  for (const [key, running] of [...board.inFlight]) {
    if (running.instance !== instance) continue;
    noteLoss(board, key, running.ksar.attempt, `${instance} is gone`);
  }
}

/** Makes due what an entry triggers. */
export function offer(board: BoardState, index: TriggerIndex, entry: Entry): void {
  const subject = board.subjects.get(entry.subject);
  if (subject !== undefined && subject.settlement.phase !== "none") return;
  for (const match of index.matches(entry)) board.agenda.add(ksarOf(entry, match));
}

/** An activation failed: due again, or recorded as lost after its last attempt (BB4). */
export function noteLoss(board: BoardState, key: string, attempt: number, reason: string): void {
  const running = board.inFlight.get(key);
  if (running?.ksar.attempt !== attempt) return;
  const { ksar } = running;
  endActivation(board, key);
  if (ksar.attempt < board.maxAttempts) {
    board.agenda.giveBack(ksar);
    return;
  }
  board.ended.set(key, ksar);
  const record: StoredKsar = { v: 1, outcome: "lost", cost: 0, reason };
  board.proposals.push({ contributions: [], ksar: { key, record } });
}

/** An activation is no longer in hand. */
export function endActivation(board: BoardState, key: string): void {
  const running = board.inFlight.get(key);
  if (running === undefined) return;
  board.inFlight.delete(key);
  const instances = board.sources.get(running.ksar.source)?.instances;
  const inHand = instances?.get(running.instance);
  if (inHand !== undefined) instances?.set(running.instance, inHand - 1);
}

/** Nothing more is wanted of a subject. */
export function dropWork(board: BoardState, subject: string): void {
  board.agenda.drop(subject);
  for (const [key, { ksar }] of [...board.inFlight]) {
    if (ksar.subject !== subject) continue;
    endActivation(board, key);
    board.agenda.release(ksar);
    board.effects.push({ type: "withdraw", ksar: key });
  }
}

/** Starts what is due, as far as room and budget allow (BB6). */
export function activate(board: BoardState): void {
  let reserved = 0;
  for (const { ksar } of board.inFlight.values()) reserved += ksar.cost;
  while (board.inFlight.size < board.maxInFlight) {
    const ksar = board.agenda.take(
      (source) => freeInstance(board, source) !== undefined,
      (due) => board.spent + reserved + due.cost <= board.budget,
    );
    const instance = ksar && freeInstance(board, ksar.source);
    if (ksar === undefined || instance === undefined) return;
    reserved += ksar.cost;
    board.phase = { is: "working" };
    board.inFlight.set(ksar.key, { ksar, instance });
    const registration = board.sources.get(ksar.source);
    const standing = board.entries.get(ksar.entry);
    if (registration === undefined || standing === undefined) {
      throw new RangeError(`the agenda names what is not on the board: ${ksar.key}`);
    }
    registration.instances.set(instance, (registration.instances.get(instance) ?? 0) + 1);
    const { entry } = standing;
    const context = contextOf(board, registration.declaration, entry);
    board.effects.push({ type: "activate", ksar, instance, entry, context });
  }
}

/** The instance with the fewest activations in hand, when one has room and the source is on. */
function freeInstance(board: BoardState, source: string): Address | undefined {
  const registration = board.sources.get(source);
  if (registration === undefined || board.off.has(source)) return undefined;
  let best: Address | undefined;
  let fewest = registration.declaration.concurrency;
  for (const [instance, inHand] of registration.instances) {
    if (inHand >= fewest) continue;
    fewest = inHand;
    best = instance;
  }
  return best;
}

function contextOf(board: BoardState, source: KnowledgeSource, entry: Entry): readonly Entry[] {
  const subject = board.subjects.get(entry.subject);
  if (subject === undefined) return [];
  return entriesOf(board, subject).filter(
    (one) => one.id !== entry.id && one.phase === "live" && maySee(source, one.level),
  );
}
