/**
 * Death watch across nodes, both ways.
 *
 * Owns: which actors elsewhere this node waits for, and which of its own others wait for. That a
 * watch is told once is `death-watch.ts`.
 *
 * I1: one watch envelope per watched address, however many actors here wait for it.
 * I2: a watch that could not be sent, or whose answer may be lost, is sent again, at most
 *     {@link MOST_TRIES} times a second apart; then, and when the node is down, the watchers are
 *     told `node-down`.
 */
import { type Address, nodeOf, pathOf } from "../address.ts";
import type { ExitReason } from "../exit-reason.ts";
import type { Cell } from "../kernel/cell.ts";
import { Watch } from "../kernel/death-watch.ts";
import { Delay } from "../kernel/delay.ts";
import { EnvelopeKind } from "./envelope.ts";
import type { Remote } from "./remote.ts";

const MOST_TRIES = 10;
const RETRY_MS = 1_000;

/** The watches of a node. */
export class RemoteWatches {
  readonly #remote: Remote;
  /** Ours on others, by address. */
  readonly #ours = new Map<Address, Set<Watch>>();
  /** Others' on ours, by watching node and path. */
  readonly #theirs = new Map<string, { readonly cell: Cell; readonly watch: Watch }>();

  constructor(remote: Remote) {
    this.#remote = remote;
  }

  add(watch: Watch): void {
    const known = this.#ours.get(watch.target);
    if (known !== undefined) {
      known.add(watch);
      return;
    }
    this.#ours.set(watch.target, new Set([watch]));
    this.#send(watch.target);
  }

  remove(watch: Watch): void {
    const known = this.#ours.get(watch.target);
    if (known?.delete(watch) !== true || known.size > 0) return;
    this.#ours.delete(watch.target);
    const { target } = watch;
    this.#remote.send(nodeOf(target), EnvelopeKind.unwatch, { to: pathOf(target) });
  }

  /** Another node says that an actor of its own ended. */
  ended(address: Address, reason: ExitReason): void {
    const watches = this.#ours.get(address);
    this.#ours.delete(address);
    for (const watch of watches ?? []) watch.notify(reason);
  }

  /** Something on the way to or from `node` was lost: asks again for all watches there. */
  async renew(node: string): Promise<void> {
    const { kernel } = this.#remote;
    await new Delay(kernel.wheel, kernel.nowMs(), RETRY_MS).over;
    for (const address of this.#ours.keys()) if (nodeOf(address) === node) this.#send(address);
  }

  nodeDown(node: string): void {
    for (const address of [...this.#ours.keys()]) {
      if (nodeOf(address) === node) this.ended(address, "node-down");
    }
    for (const [key, { cell, watch }] of this.#theirs) {
      if (!key.startsWith(`${node}/`)) continue;
      cell.removeWatcher(watch);
      this.#theirs.delete(key);
    }
  }

  /** Another node wants to be told of the end of an actor here. */
  watched(by: string, path: string, cell: Cell | undefined): void {
    const address = `${this.#remote.kernel.node}/${path}`;
    if (cell === undefined) {
      this.#tell(by, address, "no-such-actor");
      return;
    }
    const key = `${by}/${path}`;
    const known = this.#theirs.get(key);
    if (known?.cell === cell) return;
    const watch = new Watch(address, ({ reason }) => {
      this.#theirs.delete(key);
      this.#tell(by, address, reason);
    });
    this.#theirs.set(key, { cell, watch });
    cell.addWatcher(watch);
  }

  unwatched(by: string, path: string): void {
    const known = this.#theirs.get(`${by}/${path}`);
    if (known === undefined) return;
    this.#theirs.delete(`${by}/${path}`);
    known.cell.removeWatcher(known.watch);
  }

  #tell(node: string, address: Address, reason: ExitReason): void {
    this.#remote.send(node, EnvelopeKind.terminated, { to: "", from: address, body: reason });
  }

  #send(target: Address): void {
    if (!this.#remote.send(nodeOf(target), EnvelopeKind.watch, { to: pathOf(target) })) {
      void this.#sendAgain(target);
    }
  }

  async #sendAgain(target: Address): Promise<void> {
    const { kernel } = this.#remote;
    for (let tries = 1; tries < MOST_TRIES; tries++) {
      await new Delay(kernel.wheel, kernel.nowMs(), RETRY_MS).over;
      if (!this.#ours.has(target)) return;
      if (this.#remote.send(nodeOf(target), EnvelopeKind.watch, { to: pathOf(target) })) return;
    }
    this.ended(target, "node-down");
  }
}
