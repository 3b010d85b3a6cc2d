/**
 * One actor, or a program, waits for the end of another.
 *
 * Owns: that it is told once. Who is waited for keeps the list (`cell.ts`, `remote-watches.ts`).
 *
 * I1: `deliver` is called at most once, and never after `end`.
 */
import type { Address } from "../address.ts";
import type { ExitReason, Terminated } from "../exit-reason.ts";

/** A watch on an address. */
export class Watch {
  readonly target: Address;
  readonly #deliver: (terminated: Terminated) => void;
  #ended: boolean = false;

  constructor(target: Address, deliver: (terminated: Terminated) => void) {
    this.target = target;
    this.#deliver = deliver;
  }

  /** Nobody wants to be told any more, or was told already. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Calls it off. */
  end(): void {
    this.#ended = true;
  }

  /** The target ended. */
  notify(reason: ExitReason): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#deliver({ address: this.target, reason });
  }
}
