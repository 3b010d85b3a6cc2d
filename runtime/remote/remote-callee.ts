/** The callee of one call to another node: its credit and its cancel go there as envelopes. */
import type { Address } from "../address.ts";
import type { Callee, ReplyTo, Upstream } from "../kernel/message.ts";
import type { RemoteCalls } from "./remote-calls.ts";

/** One call's way to its callee: credit and cancel go there as envelopes. */
export class RemoteCallee implements Callee, Upstream {
  readonly address: Address;
  readonly #calls: RemoteCalls;
  readonly #node: string;
  correlation = 0;
  /** Before the stream is open its credit only waits to travel with the opening. */
  granted = 0;

  constructor(calls: RemoteCalls, address: Address, node: string) {
    this.#calls = calls;
    this.address = address;
    this.#node = node;
  }

  credit(total: number): void {
    this.granted = total;
    if (this.correlation !== 0) this.#calls.credit(this.correlation, this.#node, total);
  }

  /** Of a remote call nobody here knows whether it ran. */
  cancel(reply?: ReplyTo): boolean {
    if (reply === undefined || this.correlation === 0) return false;
    this.#calls.cancel(this.correlation, this.#node);
    return false;
  }
}
