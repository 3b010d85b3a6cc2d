/**
 * A type of virtual actors, or a singleton, as this node runs it: its activations.
 *
 * Owns: activating, and which activation goes when too many are there or one is idle. What a unit's
 * owner may do is `region.ts`.
 *
 * T1: an activation is a child of `$virtual/<type>`, which restarts it as any supervisor does and never
 *     gives up itself: an activation that needs too many restarts ends, and the next message activates anew.
 * T2: only an idle activation is passivated; one that works, owes an answer or has stashed something stays.
 * T3: at the limit the idle activation that was used least recently goes. Where none is idle there may be
 *     twice as many; past that messages are refused as by a full mailbox.
 *
 * Cost: "least recently" is as exact as the sweeps, of which there are four in `passivateAfter`.
 */
import type { ExitReason } from "../exit-reason.ts";
import type { CellSpec } from "../kernel/behavior.ts";
import { specOf } from "../kernel/behavior.ts";
import type { Cell } from "../kernel/cell.ts";
import { isIdle } from "../kernel/idle.ts";
import type { SingletonRegistration, VirtualRegistration } from "../registration.ts";
import { Entry, type EntrySetting } from "./entry.ts";
import type { Holding } from "./holding.ts";
import type { Item, RefusalReason } from "./item.ts";
import { virtualAddress } from "./virtual-address.ts";

const SWEEPS = 4;
/** How many of the oldest are looked at when one must go. */
const LOOKED_AT = 64;

/** The activations of a type; see the file's header. */
export class HostedType {
  readonly registration: VirtualRegistration | SingletonRegistration;
  readonly #supervisor: Cell;
  readonly #spec: CellSpec;
  readonly #setting: EntrySetting;
  /** By key, those first that were used least recently. */
  readonly #entries = new Map<string, Entry>();
  /** The number of sweeps so far. */
  #sweep = 0;
  #sweptAtMs: number;

  constructor(
    registration: VirtualRegistration | SingletonRegistration,
    supervisor: Cell,
    setting: EntrySetting,
  ) {
    const { kernel } = supervisor;
    this.registration = registration;
    this.#supervisor = supervisor;
    this.#setting = setting;
    const { definition, kind } = registration;
    // A singleton is always there: it is started again whatever ended it.
    this.#spec = specOf(
      kernel,
      definition,
      kind === "singleton" ? { restart: "permanent" } : undefined,
    );
    this.#sweptAtMs = kernel.nowMs();
  }

  get name(): string {
    return this.registration.name;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Whether there may be an actor of that key. */
  knows(key: string): boolean {
    return this.registration.kind === "virtual" || key === this.name;
  }

  /** The activation of a key. */
  find(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  /** Notes that an activation is used now. */
  used(entry: Entry): void {
    if (entry.usedAt === this.#sweep) return;
    entry.usedAt = this.#sweep;
    this.#entries.delete(entry.key);
    this.#entries.set(entry.key, entry);
  }

  /** Hands an item to the actor of a key, which is activated when it is not. */
  admit(item: Item, key: string, holding: Holding): void {
    const known = this.#entries.get(key);
    if (known !== undefined) this.used(known);
    const entry = known ?? this.activate(key, holding);
    if (typeof entry === "string") item.refuse(entry);
    else entry.admit(item);
  }

  /** Activates a key, or says why not (T3). */
  activate(key: string, holding: Holding): Entry | RefusalReason {
    if (!this.#makeRoom()) return "mailbox-full";
    const { registration } = this;
    let input: unknown;
    try {
      input = registration.inputOf(key);
    } catch (error) {
      this.#supervisor.log.error({ key, err: error }, "the input of an activation was not made");
      return "stopped";
    }
    const address = virtualAddress(this.name, key);
    const entry = new Entry(this.#setting, holding, { type: this.name, key, address });
    entry.usedAt = this.#sweep;
    this.#entries.set(key, entry);
    holding.entries.add(entry);
    const name = address.slice(address.lastIndexOf("/") + 1);
    entry.cell = this.#supervisor.adopt(this.#spec, name, input, entry);
    return entry;
  }

  /** An activation has ended. */
  remove(entry: Entry): void {
    if (this.#entries.get(entry.key) === entry) this.#entries.delete(entry.key);
    entry.holding.entries.delete(entry);
  }

  /** Passivates what has been idle for long enough; to be called often. */
  sweep(nowMs: number): void {
    const { registration } = this;
    if (registration.kind === "singleton") return;
    const periodMs = registration.passivateAfterMs / SWEEPS;
    if (nowMs - this.#sweptAtMs < periodMs) return;
    this.#sweptAtMs = nowMs;
    this.#sweep++;
    for (const entry of this.#entries.values()) {
      // Those that follow were used later.
      if (this.#sweep - entry.usedAt <= SWEEPS) return;
      if (!passivate(entry)) this.used(entry);
    }
  }

  /** Whether another activation may be made; one that is idle makes room for it. */
  #makeRoom(): boolean {
    const { registration } = this;
    if (registration.kind === "singleton" || this.#entries.size < registration.limit) return true;
    let looked = 0;
    for (const entry of this.#entries.values()) {
      if (passivate(entry)) return true;
      if (++looked >= LOOKED_AT) break;
    }
    return this.#entries.size < 2 * registration.limit;
  }
}

/** Ends an activation that is idle; `false` when it is not. */
function passivate(entry: Entry): boolean {
  if (entry.phase !== "active" || entry.cell === undefined || !isIdle(entry.cell)) return false;
  entry.end("stop");
  return true;
}

/** Why an activation ended, for those who watch. */
export function passivationReason(reason: ExitReason, holding: Holding): string {
  return holding.phase === "held" ? reason : "moved";
}
