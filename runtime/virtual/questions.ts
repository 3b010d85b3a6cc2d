/**
 * Questions that this node asks others about units, and their answers.
 *
 * Owns: which answer belongs to which question, and that each wait ends.
 *
 * Q1: an answer counts only from the node that was asked. Q2: a question without an answer ends after a
 *     second or what was given, or with its node; whoever asks may ask again.
 */
import type { Owner } from "../placement/ownership.ts";
import type { Unit } from "../placement/unit.ts";
import type { Cancel } from "../ports/clock.ts";
import { EnvelopeKind } from "../remote/envelope.ts";
import type { Postbox } from "../remote/postbox.ts";
import type { Departure } from "./leavers.ts";
import { departureBody, parseOwner, unitFields } from "./moved.ts";

const ANSWER_MS = 1_000;

/** What was answered; absent when nothing was. */
export type Answer = { readonly owner: Owner | undefined } | undefined;

interface Asked {
  readonly node: string;
  readonly settle: (answer: Answer) => void;
  readonly cancelLimit: Cancel;
}

/** The questions under way. */
export class Questions {
  readonly #postbox: Postbox;
  readonly #asked = new Map<number, Asked>();
  #last = 0;

  constructor(postbox: Postbox) {
    this.#postbox = postbox;
  }

  /** Asks who owns a unit, behind everything that was sent to `node` before. */
  ask(node: string, unit: Unit, token: number, withinMs: number = ANSWER_MS): Promise<Answer> {
    return this.#ask(node, withinMs, (correlation) =>
      this.#postbox.send(node, EnvelopeKind.barrier, {
        to: "",
        correlation,
        token,
        body: unitFields(unit),
      }),
    );
  }

  /**
   * Tells a node that this one leaves. When it answers, all that it gave this one has been heard of
   * (`closing`), or nothing of what it sent here is open (`leaving`).
   */
  depart(node: string, departure: Departure, withinMs: number): Promise<Answer> {
    const body = departureBody(departure, this.#postbox.kernel.ports.membership.self);
    return this.#ask(node, withinMs, (correlation) =>
      this.#postbox.send(node, EnvelopeKind.moved, { to: "", correlation, body }),
    );
  }

  answered(from: string, correlation: number, body: unknown): void {
    if (this.#asked.get(correlation)?.node === from) {
      this.#settle(correlation, { owner: parseOwner(body) });
    }
  }

  nodeDown(node: string): void {
    for (const [correlation, asked] of [...this.#asked]) {
      if (asked.node === node) this.#settle(correlation, undefined);
    }
  }

  close(): void {
    for (const correlation of [...this.#asked.keys()]) this.#settle(correlation, undefined);
  }

  #ask(node: string, withinMs: number, send: (correlation: number) => boolean): Promise<Answer> {
    const correlation = ++this.#last;
    return new Promise((settle) => {
      const { clock } = this.#postbox.kernel.ports;
      const cancelLimit = clock.after(withinMs, () => this.#settle(correlation, undefined));
      this.#asked.set(correlation, { node, settle, cancelLimit });
      // A link that takes no more may take it in a while: the limit ends the wait.
      send(correlation);
    });
  }

  #settle(correlation: number, answer: Answer): void {
    const asked = this.#asked.get(correlation);
    if (asked === undefined) return;
    this.#asked.delete(correlation);
    asked.cancelLimit();
    asked.settle(answer);
  }
}
