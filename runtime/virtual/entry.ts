/**
 * One activation: an actor of this node that is, for now, the virtual actor of a key.
 *
 * Owns: what comes for the key while its cell ends, and what the cell leaves behind. Who may activate is
 * `region.ts`, which one goes first `hosted-type.ts`.
 *
 * E1: what the cell did not handle goes before what came since, and all of it to the next activation, or
 *     on to the next owner. E2: an actor that failed for good takes its queue with it, as any actor does.
 * E3: what waits here is bounded as the actor's mailbox is.
 */
import type { Activation } from "../activation.ts";
import type { ExitReason } from "../exit-reason.ts";
import type { Cell } from "../kernel/cell.ts";
import type { StopHow } from "../kernel/ending.ts";
import { stop } from "../kernel/ending.ts";
import type { Message } from "../kernel/message.ts";
import type { Tenancy } from "../kernel/tenancy.ts";
import { RemoteReply } from "../remote/remote-reply.ts";
import { Arrival, type Border } from "./arrival.ts";
import type { Holding } from "./holding.ts";
import type { Item } from "./item.ts";
import { contentsOf, Parcel, type Sender } from "./parcel.ts";

/** What an entry needs of its node. */
export interface EntrySetting {
  readonly border: Border;
  readonly sender: Sender;
  /** The node may act at all. */
  standing(): boolean;
  /** Its cell has ended, and left these, in order. */
  ended(entry: Entry, left: readonly Item[], reason: ExitReason): void;
}

/** An activation; see the file's header. */
export class Entry implements Tenancy, Activation {
  readonly type: string;
  readonly key: string;
  readonly address: string;
  readonly holding: Holding;
  readonly token: number;
  /** Absent only until it is set, at once after this was made. */
  cell: Cell | undefined = undefined;
  phase: "active" | "ending" | "ended" = "active";
  /** The sweep in which it was last used. */
  usedAt = 0;
  readonly #setting: EntrySetting;
  readonly #leftovers: Item[] = [];
  readonly #waiting: Item[] = [];

  constructor(
    setting: EntrySetting,
    holding: Holding,
    of: { readonly type: string; readonly key: string; readonly address: string },
  ) {
    this.#setting = setting;
    this.holding = holding;
    this.token = holding.token;
    this.type = of.type;
    this.key = of.key;
    this.address = of.address;
  }

  get activation(): Activation {
    return this;
  }

  holds(): boolean {
    if (this.phase === "ended") return false;
    const { phase, token } = this.holding;
    return (
      (phase === "held" || phase === "giving") && token === this.token && this.#setting.standing()
    );
  }

  /** Into the mailbox, or behind what waits for the next activation. */
  admit(item: Item): void {
    const { cell } = this;
    if (this.phase === "active" && cell !== undefined) item.deliver(cell);
    else this.#wait(item);
  }

  /** Ends the activation; the actor it is lives on. */
  end(how: Exclude<StopHow, "drain">): void {
    this.phase = "ending";
    if (this.cell !== undefined) void stop(this.cell, how);
  }

  // Tenancy: what the cell says.

  leftOver(message: Message, reason: ExitReason): boolean {
    if (reason === "failed" || reason === "intensity") return false;
    this.#keep(message, (item) => this.#leftovers.push(item));
    return true;
  }

  cameLate(message: Message): boolean {
    if (this.phase === "ended") return false;
    this.phase = "ending";
    this.#keep(message, (item) => this.#wait(item));
    return true;
  }

  ended(reason: ExitReason): void {
    this.phase = "ended";
    this.#setting.ended(this, [...this.#leftovers, ...this.#waiting], reason);
  }

  #wait(item: Item): void {
    const capacity = this.cell?.options.capacity ?? 1;
    if (this.#waiting.length >= capacity) item.refuse("mailbox-full");
    else this.#waiting.push(item);
  }

  /** Keeps a message of the cell's queue, as what it came as, unless nobody waits for it. */
  #keep(message: Message, keep: (item: Item) => void): void {
    if (message.reply?.settled !== true) keep(this.#itemOf(message));
  }

  #itemOf(message: Message): Item {
    const { reply } = message;
    if (reply instanceof Arrival) return reply;
    const { border, sender } = this.#setting;
    if (reply instanceof RemoteReply && reply.origin instanceof Arrival) {
      border.calls.handOver(reply);
      return reply.origin;
    }
    const { kernel } = border.postbox;
    return new Parcel(sender, contentsOf(this.address, this.key, message), kernel.nowMs());
  }
}
