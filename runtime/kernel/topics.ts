/** Who of this node wants to hear what is published. */

import type { Transport } from "../ports/transport.ts";
import type { OperationHandler } from "./behavior.ts";
import type { Cell } from "./cell.ts";

/** Subscriptions of this node's actors, by topic. */
export class Topics {
  readonly #transport: Transport;
  readonly #topics = new Map<string, Map<Cell, OperationHandler>>();

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** A second subscription of the same actor replaces its first. */
  subscribe(topic: string, cell: Cell, handler: OperationHandler): void {
    let cells = this.#topics.get(topic);
    if (cells === undefined) {
      cells = new Map();
      this.#topics.set(topic, cells);
      this.#transport.subscribe(topic);
    }
    cells.set(cell, handler);
  }

  unsubscribe(topic: string, cell: Cell): void {
    const cells = this.#topics.get(topic);
    if (cells?.delete(cell) !== true || cells.size > 0) return;
    this.#topics.delete(topic);
    this.#transport.unsubscribe(topic);
  }

  /** The subscribers of a topic, in order of subscription. */
  subscribers(topic: string): readonly (readonly [Cell, OperationHandler])[] {
    return [...(this.#topics.get(topic) ?? [])];
  }
}
