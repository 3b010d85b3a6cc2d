/**
 * Death watch across nodes, both ways.
 *
 * Owns: which actors elsewhere this node waits for, and which of its own others wait for. That a
 * watch is told once is `death-watch.ts`.
 *
 * I1: one watch envelope per watched address, however many actors here wait for it.
 * I2: a watch that could not be sent, or whose answer may be lost, is sent again after a second.
 * I3: when the node is down, the watchers are told `node-down`. Of a node that is a member nothing
 *     else says so, however long it is silent: that is the membership's judgement. A node that has
 *     never been a member cannot be declared down: after {@link UNKNOWN_MS} of vain tries it counts
 *     as down.
 * I4: one renewal per node is under way at a time, and none for a node without watches.
 */
import { type Address, nodeOf, pathOf } from "../address.ts";
import type { ExitReason } from "../exit-reason.ts";
import type { Cell } from "../kernel/cell.ts";
import { Watch } from "../kernel/death-watch.ts";
import { Delay } from "../kernel/delay.ts";
import { EnvelopeKind } from "./envelope.ts";
import type { Postbox } from "./postbox.ts";

const RETRY_MS = 1_000;
/** Longer than a node that starts needs until others hear of it. */
const UNKNOWN_MS = 10_000;
/** Vain tries further apart than this have nothing to do with each other. */
const UNRELATED_MS = 30_000;

/** The watches of a node. */
export class RemoteWatches {
  readonly #postbox: Postbox;
  /** Ours on others, by address. */
  readonly #ours = new Map<Address, Set<Watch>>();
  /** Others' on ours, by watching node and path. */
  readonly #theirs = new Map<string, { readonly cell: Cell; readonly watch: Watch }>();
  /** Nodes whose watches are about to be sent again. */
  readonly #renewing = new Set<string>();
  /** Nodes that are no members and are tried in vain; instants of the monotonic clock. */
  readonly #unknown = new Map<string, { readonly sinceMs: number; readonly triedAtMs: number }>();

  constructor(postbox: Postbox) {
    this.#postbox = postbox;
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
    this.#postbox.send(nodeOf(target), EnvelopeKind.unwatch, { to: pathOf(target) });
  }

  /** Another node says that an actor of its own ended. */
  ended(address: Address, reason: ExitReason): void {
    const watches = this.#ours.get(address);
    this.#ours.delete(address);
    for (const watch of watches ?? []) watch.notify(reason);
  }

  /** Something on the way to or from `node` was lost: asks again for all watches there. */
  async renew(node: string): Promise<void> {
    if (this.#renewing.has(node) || this.#watchedOn(node).length === 0) return;
    this.#renewing.add(node);
    const { kernel } = this.#postbox;
    await new Delay(kernel.wheel, kernel.nowMs(), RETRY_MS).over;
    this.#renewing.delete(node);
    const watched = this.#watchedOn(node);
    if (watched.length === 0) this.#unknown.delete(node);
    else if (this.#isGivenUp(node)) this.nodeDown(node);
    else for (const address of watched) this.#send(address);
  }

  /** Whether a node that membership does not know was tried for long enough; notes the try. */
  #isGivenUp(node: string): boolean {
    const { kernel } = this.#postbox;
    const members = kernel.ports.membership.members();
    if (members.some(({ name, phase }) => name === node && phase !== "down")) {
      this.#unknown.delete(node);
      return false;
    }
    const nowMs = kernel.nowMs();
    const known = this.#unknown.get(node);
    const isRelated = known !== undefined && nowMs - known.triedAtMs < UNRELATED_MS;
    const sinceMs = isRelated ? known.sinceMs : nowMs - RETRY_MS;
    this.#unknown.set(node, { sinceMs, triedAtMs: nowMs });
    return nowMs - sinceMs >= UNKNOWN_MS;
  }

  #watchedOn(node: string): readonly Address[] {
    return [...this.#ours.keys()].filter((address) => nodeOf(address) === node);
  }

  nodeDown(node: string): void {
    this.#unknown.delete(node);
    for (const address of this.#watchedOn(node)) this.ended(address, "node-down");
    for (const [key, { cell, watch }] of this.#theirs) {
      if (!key.startsWith(`${node}/`)) continue;
      cell.removeWatcher(watch);
      this.#theirs.delete(key);
    }
  }

  /** Another node wants to be told of the end of an actor here. */
  watched(by: string, path: string, cell: Cell | undefined): void {
    const address = `${this.#postbox.kernel.node}/${path}`;
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
    this.#postbox.send(node, EnvelopeKind.terminated, { to: "", from: address, body: reason });
  }

  #send(target: Address): void {
    const node = nodeOf(target);
    if (!this.#postbox.send(node, EnvelopeKind.watch, { to: pathOf(target) }))
      void this.renew(node);
  }
}
