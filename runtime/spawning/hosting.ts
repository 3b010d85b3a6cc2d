/**
 * The children that this node runs for supervisors elsewhere.
 *
 * Owns: which there are and whose they are, starting them by registered name, telling their supervisors
 * of their exits, and ending those that nobody holds any more. One child is `hosted-child.ts`, the
 * supervisor's side `seat.ts`.
 *
 * H1: code never travels: what is started is what is registered here, and speaks the protocol that the
 *     supervisor names.
 * H2: an exit is told until it was heard, or the supervisor's node is down.
 * H3: no orphan survives. A child ends when its supervisor's node is down, and when that node says that
 *     nobody there holds its id: its supervisor has ended, was restarted without it, or never heard that
 *     the child was started. Every {@link AUDIT_MS} each such node is asked.
 * H4: a child that was told to end does not start again: a start that comes late, or once more because its
 *     answer was lost, is refused. So is one of a supervisor that another node has taken over from.
 *
 * Cost: one ask per supervising node and {@link AUDIT_MS} for each thousand children.
 */
import type { ActorRef } from "../actor-ref.ts";
import { addressOf, pathOf } from "../address.ts";
import type { Cell } from "../kernel/cell.ts";
import { Delay } from "../kernel/delay.ts";
import { validated } from "../kernel/validation.ts";
import { Phase } from "../lifecycle.ts";
import type { Membership } from "../ports/membership.ts";
import type { Registration } from "../registration.ts";
import { errorRecord, messageOf, TroupeError } from "../troupe-error.ts";
import { HostedChild } from "./hosted-child.ts";
import {
  type AgainRequest,
  type ChildId,
  type DisownRequest,
  type ExitReport,
  type Home,
  SPAWN_NAME,
  Spawn,
  type SpawnOperations,
  type SpawnRefusal,
  type Started,
  type StartedAgain,
  type StartRequest,
  type StopRequest,
} from "./spawn-protocol.ts";

/** How often nodes are asked whether they still hold their children here. */
export const AUDIT_MS = 5_000;
/** How many ids one question names. */
const IDS_PER_ASK = 1_000;
const ASK_MS = 5_000;
const FIRST_PAUSE_MS = 50;
const LAST_PAUSE_MS = 2_000;
/** How many children that were told to end are remembered (H4). */
const MOST_ENDED = 4_096;
const MOST_HEIRS = 64;
/** A node that was never a member cannot go down: after so long in vain it counts as gone. */
const UNKNOWN_MS = 30_000;

/** The children of other nodes' supervisors; see the file's header. */
export class Hosting {
  readonly #cell: Cell;
  readonly #registrations: ReadonlyMap<string, Registration>;
  readonly #children = new Map<string, HostedChild>();
  readonly #starting = new Map<string, Promise<Started>>();
  /** Those that were told to end, in that order (H4). */
  readonly #ended = new Set<string>();
  /** By path: who supervises there since it took over. */
  readonly #heirs = new Map<string, Pick<Home, "node" | "incarnation">>();
  /** Since when supervising nodes that are no members are asked in vain. */
  readonly #vainSinceMs = new Map<string, number>();
  readonly #closed = new AbortController();
  #isLeaving: boolean = false;

  /** @param cell - below which the children run */
  constructor(cell: Cell, registrations: ReadonlyMap<string, Registration>) {
    this.#cell = cell;
    this.#registrations = registrations;
  }

  /** How many children it has. */
  get size(): number {
    return this.#children.size;
  }

  /** Starts a child, or says why not; what was asked before under the same id has the same answer. */
  start(request: StartRequest): Promise<Started> {
    const { id } = request;
    // H4
    if (this.#ended.has(id) || this.#isTakenOver(request.home))
      return Promise.resolve(endedBefore(id));
    const known = this.#children.get(id);
    if (known?.hasStarted === true) return Promise.resolve(this.#startedAs(known));
    let starting = this.#starting.get(id);
    if (starting === undefined) {
      starting = this.#start(request).finally(() => this.#starting.delete(id));
      this.#starting.set(id, starting);
    }
    return starting;
  }

  async #start(request: StartRequest): Promise<Started> {
    const registration = this.#registrations.get(request.type);
    const refusal = this.#refusal(request, registration);
    if (refusal !== undefined || registration === undefined) {
      return { ok: false, refusal: refusal ?? { kind: "unknown-type", registered: [] } };
    }
    const { id, home, input, options } = request;
    const own = registration.kind === "spawnable" ? registration.options : {};
    let cell: Cell;
    try {
      const all = { ...own, ...options, input, name: id };
      cell = this.#cell.spawn(registration.definition, all);
    } catch (error) {
      return { ok: false, refusal: { kind: "invalid-input", why: messageOf(error) } };
    }
    const child = new HostedChild(id, home, cell, {
      report: (report) => void this.#report(home, report),
      ended: () => this.#children.delete(id),
    });
    this.#children.set(id, child);
    const outcome = await child.started();
    if (!outcome.ok) return { ok: false, refusal: { kind: "failed", ...outcome } };
    return this.#startedAs(child);
  }

  #startedAs({ cell }: HostedChild): Started {
    const { incarnation } = this.#membership.self;
    return { ok: true, address: cell.address, incarnation };
  }

  async down({ id }: ChildId): Promise<undefined> {
    await this.#children.get(id)?.down();
    return undefined;
  }

  async again({ id, generation }: AgainRequest): Promise<StartedAgain> {
    return (await this.#children.get(id)?.again(generation)) ?? { ok: false, gone: true };
  }

  resume({ id }: ChildId): void {
    this.#children.get(id)?.resume();
  }

  async stop({ id, how, reason }: StopRequest): Promise<undefined> {
    this.#noteEnd(id);
    await this.#children.get(id)?.stop(how, reason);
    return undefined;
  }

  /** Ends what supervisors at or below a path had started, whichever node they are on. */
  async disown({ path, by }: DisownRequest): Promise<undefined> {
    this.#heirs.delete(path);
    if (by !== undefined && this.#heirs.size < MOST_HEIRS) this.#heirs.set(path, by);
    const disowned = [...this.#children.values()].filter(({ home }) => isBelow(home, path));
    for (const { id } of disowned) this.#noteEnd(id);
    await Promise.all(disowned.map((child) => child.stop("kill")));
    return undefined;
  }

  /** A node is down: what it supervised here ends (H3). */
  nodeDown(node: string, incarnation: string): void {
    for (const child of this.#children.values()) {
      if (child.home.node === node && child.home.incarnation === incarnation) this.#orphaned(child);
    }
  }

  /** Asks all supervising nodes whether they hold their children here still (H3). */
  async audit(): Promise<void> {
    const homes = new Map<string, string[]>();
    for (const { id, home } of this.#children.values()) {
      const isDown = this.#membership.phaseOf({ name: home.node, incarnation: home.incarnation });
      if (isDown === "down") this.nodeDown(home.node, home.incarnation);
      else homes.set(home.node, [...(homes.get(home.node) ?? []), id]);
    }
    await Promise.all([...homes].map(([node, ids]) => this.#auditNode(node, ids)));
  }

  /**
   * This node leaves: has the supervisors elsewhere start their children on other nodes, and resolves
   * when that is done, or after `limitMs`. From now on no child is started here.
   */
  async handOver(limitMs: number): Promise<void> {
    this.#isLeaving = true;
    const { kernel } = this.#cell;
    const untilMs = kernel.nowMs() + limitMs;
    const others = (): readonly HostedChild[] =>
      [...this.#children.values()].filter(({ home }) => home.node !== kernel.node);
    const homes = new Set(others().map(({ home }) => home.node));
    for (const node of homes) {
      const ids = others().flatMap(({ id, home }) => (home.node === node ? [id] : []));
      for (let at = 0; at < ids.length; at += IDS_PER_ASK) {
        this.#spawnOn(node).tell("leaving", ids.slice(at, at + IDS_PER_ASK));
      }
    }
    while (others().length > 0 && kernel.nowMs() < untilMs) {
      await new Delay(kernel.wheel, kernel.nowMs(), FIRST_PAUSE_MS).over;
    }
  }

  /** The system ends; its children are ended by whoever ends this. */
  close(): void {
    this.#closed.abort();
  }

  get #membership(): Membership {
    return this.#cell.kernel.ports.membership;
  }

  #spawnOn(node: string): ActorRef<SpawnOperations> {
    return this.#cell.kernel.outward.refOf(Spawn, addressOf(node, SPAWN_NAME), undefined);
  }

  #refusal(
    { type, protocol, input, home }: StartRequest,
    registration: Registration | undefined,
  ): SpawnRefusal | undefined {
    if (registration === undefined) {
      return { kind: "unknown-type", registered: [...this.#registrations.keys()] };
    }
    const has = registration.definition.protocol.name;
    if (has !== protocol) return { kind: "other-protocol", has };
    const own = this.#membership.phaseOf(this.#membership.self);
    if (own === "draining" || this.#isLeaving) return { kind: "draining" };
    if (registration.kind !== "spawnable") {
      return { kind: "unknown-type", registered: [`${type} is no spawnable(…) of this node`] };
    }
    const checked = validated(registration.input, input);
    if (!checked.ok) return { kind: "invalid-input", why: checked.error };
    return this.#membership.phaseOf({ name: home.node, incarnation: home.incarnation }) === "down"
      ? { kind: "draining" }
      : undefined;
  }

  /** H2. */
  async #report(home: Home, report: ExitReport): Promise<void> {
    if (this.#cell.phase !== Phase.running) {
      this.#spawnOn(home.node).tell("left", { id: report.id });
      return;
    }
    const { kernel } = this.#cell;
    const { signal } = this.#closed;
    // Out of whatever handler this came about in: it must not lend it its deadline.
    await undefined;
    for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted; pauseMs *= 2) {
      const answer = await this.#spawnOn(home.node)
        .ask("exited", report, { timeout: ASK_MS, signal })
        .catch(() => "later" as const);
      if (answer === "taken") return;
      const child = this.#children.get(report.id);
      const { node: name, incarnation } = home;
      const isGone = this.#membership.phaseOf({ name, incarnation }) === "down";
      if (child !== undefined && (isGone || answer === "unknown")) this.#orphaned(child);
      if (isGone || answer === "unknown") return;
      await new Delay(kernel.wheel, kernel.nowMs(), Math.min(pauseMs, LAST_PAUSE_MS)).over;
    }
  }

  async #auditNode(node: string, ids: readonly string[]): Promise<void> {
    const { signal } = this.#closed;
    try {
      for (let at = 0; at < ids.length; at += IDS_PER_ASK) {
        const asked = ids.slice(at, at + IDS_PER_ASK);
        const unheld = await this.#spawnOn(node).ask("unheld", asked, { timeout: ASK_MS, signal });
        for (const id of unheld) this.#orphaned(this.#children.get(id));
      }
      this.#vainSinceMs.delete(node);
    } catch (error) {
      this.#auditedInVain(node, ids, error);
    }
  }

  #auditedInVain(node: string, ids: readonly string[], error: unknown): void {
    const { log } = this.#cell;
    log.debug({ node, error: messageOf(error) }, "a supervising node does not answer");
    const members = this.#membership.members();
    if (members.some(({ name, phase }) => name === node && phase !== "down")) {
      this.#vainSinceMs.delete(node);
      return;
    }
    const nowMs = this.#cell.kernel.nowMs();
    const sinceMs = this.#vainSinceMs.get(node) ?? nowMs;
    this.#vainSinceMs.set(node, sinceMs);
    if (nowMs - sinceMs < UNKNOWN_MS) return;
    this.#vainSinceMs.delete(node);
    for (const id of ids) this.#orphaned(this.#children.get(id));
  }

  #isTakenOver(home: Home): boolean {
    for (const [path, { node, incarnation }] of this.#heirs) {
      const isHeirs = home.node === node && home.incarnation === incarnation;
      if (!isHeirs && isBelow(home, path)) return true;
    }
    return false;
  }

  #noteEnd(id: string): void {
    this.#ended.add(id);
    const [oldest = id] = this.#ended;
    if (this.#ended.size > MOST_ENDED) this.#ended.delete(oldest);
  }

  #orphaned(child: HostedChild | undefined): void {
    if (child === undefined) return;
    this.#cell.log.warn({ child: child.id, home: child.home.address }, "ends an orphan");
    this.#noteEnd(child.id);
    void child.stop("stop");
  }
}

/** H4. */
function endedBefore(id: string): Started {
  const error = errorRecord(
    new TroupeError("actor.stopped", `${id} was told to end before it started`),
  );
  return { ok: false, refusal: { kind: "failed", exit: "failed", error } };
}

function isBelow({ address }: Home, path: string): boolean {
  return `${pathOf(address)}/`.startsWith(`${path}/`);
}
