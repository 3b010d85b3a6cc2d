/**
 * The place of one child below its supervisor, when the child itself lives on another node.
 *
 * Owns: where the child is now, getting it there, and telling the cell that stands in for it what became
 * of it. That cell is a child like any other, so strategies, intensity, back-off, order of stops and the
 * table of exits hold as they do here; what it does with messages is `stand-in-actor.ts`, speaking with
 * other nodes `hosts.ts`, looking for one `host-search.ts`.
 *
 * Long, but one noun: starting, failing, moving and ending are about the same child, of which there is one.
 *
 * E1: at most one child of a seat lives, as far as this node can know: a start of which nobody knows
 *     whether it took place is undone, or its node is down, before the next one is tried; likewise an end.
 *     Each try to find out has a limit; past it the start fails, and the supervisor decides.
 * E2: a child is restarted where it is as long as its node is up, and its queue survives (S8); when its
 *     node is down, or is to be left, it is started elsewhere.
 * E3: a node that drains is left in good order: the child handles its queue there first. This costs the
 *     child's supervisor no restart.
 * E4: once the stand-in has ended, nobody holds the child, and its host ends it.
 */
import type { Address } from "../address.ts";
import type { ExitReason } from "../exit-reason.ts";
import type { AnyDefinition } from "../kernel/behavior.ts";
import type { Cell } from "../kernel/cell.ts";
import { Watch } from "../kernel/death-watch.ts";
import { stopSelf } from "../kernel/ending.ts";
import { failed, startAgain, takeDownForRestart } from "../kernel/generation.ts";
import type { StandIn } from "../kernel/stand-in.ts";
import { Phase } from "../lifecycle.ts";
import type { Member, NodeIdentity } from "../ports/membership.ts";
import { errorFromRecord, TroupeError } from "../troupe-error.ts";
import { allows, type ChildPlacement } from "./child-placement.ts";
import { HostSearch, refusalText, UNREACHABLE } from "./host-search.ts";
import { thrownFor } from "./hosted-child.ts";
import { type Hosts, LEAVE_MS, type Placed } from "./hosts.ts";
import type { ExitReport, SentOptions } from "./spawn-protocol.ts";
import type { SupervisedElsewhere } from "./supervised-elsewhere.ts";

/** How long a first start waits for a node that can take the child, and how long a restart. */
const FIRST_WAIT_MS = 5_000;
const RESTART_WAIT_MS = 60_000;
/** How long a host that is suspected is given to be heard of again, or to be down. */
const SETTLE_MS = 60_000;

/** What a seat is for. */
export interface SeatSpec {
  /** The registered name. */
  readonly type: string;
  readonly definition: AnyDefinition;
  readonly placement: ChildPlacement;
  readonly options: SentOptions;
}

/** The place of a child that lives elsewhere; see the file's header. */
export class Seat implements StandIn {
  canGoOn: boolean = false;
  readonly leaveMs: number = LEAVE_MS;
  readonly #spec: SeatSpec;
  readonly #held: SupervisedElsewhere;
  readonly #hosts: Hosts;
  #cell: Cell | undefined;
  #child: Placed | undefined;
  /** Starts and ends of which nobody knows whether they took place (E1). */
  #doubtful: readonly Placed[] = [];
  #generation = 0;
  /** It is to handle its queue before it ends. */
  #isDrained: boolean = false;
  /** It is being started elsewhere, by nobody's decision but its own (E3). */
  #isMoving: boolean = false;

  constructor(spec: SeatSpec, held: SupervisedElsewhere, hosts: Hosts) {
    this.#spec = spec;
    this.#held = held;
    this.#hosts = hosts;
  }

  /** Where the child lives; absent while it lives nowhere. */
  get address(): Address | undefined {
    return this.#child?.address;
  }

  // What the stand-in does.

  /**
   * Starts the child, or its next generation; `cell` stands in for it.
   *
   * @throws {TroupeError} `placement.none` when no node takes it; what its `init` threw
   */
  async start(cell: Cell, input: unknown, signal: AbortSignal): Promise<void> {
    if (this.#cell === undefined) this.#settleIn(cell);
    this.canGoOn = false;
    // Out of the handler that spawned it: what follows is on nobody's account.
    await undefined;
    await this.#clearDoubts(cell, signal);
    if (this.#child !== undefined && (await this.#startedHere(cell, this.#child, signal))) return;
    await this.#clearDoubts(cell, signal);
    await this.#startedSomewhere(cell, input, signal);
  }

  /** Takes the child's generation down, or ends it, as the stand-in's phase says. */
  async leave(cell: Cell): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    await undefined;
    if (cell.phase === Phase.restarting && !this.#isMoving) await this.#hosts.down(child);
    else {
      const how = this.#isDrained || this.#isMoving ? "drain" : "stop";
      await this.#end(child, how, cell.holdings.exitReason);
    }
  }

  // StandIn: what the kernel says.

  resumed(): void {
    if (this.#child !== undefined) this.#hosts.resume(this.#child);
  }

  drained(): void {
    this.#isDrained = true;
  }

  // What other nodes say.

  /** The child failed, or ended by itself. */
  exited(report: ExitReport): "taken" | "later" | "unknown" {
    const cell = this.#cell;
    // A start whose answer is still on its way, or one that was given up.
    if (cell === undefined || cell.phase === Phase.starting) return "later";
    if (this.#child?.id !== report.id) return "unknown";
    if (report.isOver) this.#forget(this.#child);
    if (cell.phase !== Phase.running && cell.phase !== Phase.draining) return "taken";
    if (report.exit === "normal") stopSelf(cell);
    else {
      this.canGoOn = report.canGoOn;
      const error = thrownFor(report.exit, errorFromRecord(report.error));
      this.#fail(cell, report.reason, report.operation, error);
    }
    return "taken";
  }

  /** The host ended in good order, and the child with it. */
  hostLeft(id: string): void {
    const child = this.#child;
    if (child?.id !== id) return;
    this.#forget(child);
    void this.#move();
  }

  /** The host is about to leave (E3). */
  hostLeaves(id: string): void {
    if (this.#child?.id === id) void this.#move();
  }

  nodeDown(name: string, incarnation: string): void {
    const isThere = ({ host }: Placed): boolean =>
      host.name === name && host.incarnation === incarnation;
    const child = this.#child;
    if (this.#cell === undefined || child === undefined || !isThere(child)) return;
    this.#forget(child);
    // While it starts or restarts, that fails by itself.
    const { phase } = this.#cell;
    if (phase !== Phase.running && phase !== Phase.draining) return;
    const error = new TroupeError("node.down", `${name} is down`);
    this.#fail(this.#cell, "node-down", "node", error);
  }

  nodeDrains(name: string, incarnation: string): void {
    const host = this.#child?.host;
    if (host?.name === name && host.incarnation === incarnation) void this.#move();
  }

  // Starting

  #settleIn(cell: Cell): void {
    this.#cell = cell;
    cell.holdings.standIn = this;
    cell.addWatcher(new Watch(cell.address, ({ reason }) => this.#over(reason)));
  }

  /** E1. */
  async #clearDoubts(cell: Cell, signal: AbortSignal): Promise<void> {
    for (const doubt of this.#doubtful) {
      if (!(await this.#hosts.end(doubt, { how: "kill", signal })))
        throw signal.aborted ? givenUp(cell) : unsure(cell, doubt);
      this.#doubtful = this.#doubtful.filter((other) => other !== doubt);
    }
  }

  /** Starts the next generation where the child is; `false` when it is to live elsewhere (E2). */
  async #startedHere(cell: Cell, child: Placed, signal: AbortSignal): Promise<boolean> {
    const member = await this.#settled(cell, child.host, signal);
    const { placement } = this.#spec;
    if (member === undefined || !allows(placement, member, cell.kernel.node)) {
      await this.#end(child, "drain");
      return false;
    }
    const outcome = await this.#hosts.again(child, ++this.#generation, signal);
    switch (outcome.kind) {
      case "started":
        return true;
      case "gone":
        this.#forget(child);
        return false;
      case "unclear":
        this.#doubt(child);
        return false;
      case "failed":
        throw outcome.error;
    }
  }

  /**
   * A host, once it is clear that it goes on; `undefined` when it is down or to be left. One that stays
   * suspected while its lease stands is taken at its lease: it is asked itself, and that has a limit.
   */
  async #settled(cell: Cell, host: NodeIdentity, signal: AbortSignal): Promise<Member | undefined> {
    const untilMs = cell.kernel.nowMs() + SETTLE_MS;
    for (;;) {
      const member = membersOf(cell).find(({ name }) => name === host.name);
      if (member?.incarnation !== host.incarnation) return undefined;
      if (member.phase === "up" || member.phase === "degraded") return member;
      if (member.phase !== "suspected") return undefined;
      if (cell.kernel.nowMs() >= untilMs) return member;
      await this.#pause(cell, signal);
    }
  }

  async #startedSomewhere(cell: Cell, input: unknown, signal: AbortSignal): Promise<void> {
    const untilMs = cell.kernel.nowMs() + (cell.hasStarted ? RESTART_WAIT_MS : FIRST_WAIT_MS);
    const { type, definition, placement } = this.#spec;
    const search = new HostSearch({
      type,
      protocol: definition.protocol.name,
      placement,
      self: cell.kernel.node,
      members: () => membersOf(cell),
      draw: () => cell.random.next(),
      carriedBy: (node) => this.#held.carriedBy(node),
    });
    for (;;) {
      const member = search.next();
      if (member !== undefined) {
        const refusal = await this.#startedOn(cell, member, input, signal);
        if (refusal === undefined) return;
        search.refused(member.name, refusal);
        continue;
      }
      if (cell.kernel.nowMs() >= untilMs) throw search.error();
      await this.#pause(cell, signal);
      search.again();
    }
  }

  /** Starts the child on a node; returns why not when it is worth trying another one. */
  async #startedOn(
    cell: Cell,
    { name, incarnation }: Member,
    input: unknown,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { type, definition, options } = this.#spec;
    const { random, membership } = cell.kernel.ports;
    const id = `${type}~${random.id()}`;
    const host = { name, incarnation };
    const home = { ...membership.self, node: cell.kernel.node, address: cell.address };
    const protocol = definition.protocol.name;
    this.#held.hold(id, name, this);
    const outcome = await this.#hosts.start(
      host,
      { id, type, protocol, input, options, home },
      signal,
    );
    if (outcome.kind === "started") {
      this.#child = outcome.child;
      if (signal.aborted) throw givenUp(cell);
      return undefined;
    }
    this.#held.release(id, name);
    switch (outcome.kind) {
      case "unreachable":
        return UNREACHABLE;
      case "refused":
        if (outcome.refusal.kind !== "invalid-input") return refusalText(outcome.refusal);
        throw new TroupeError("ask.invalid", `the input of ${type}: ${outcome.refusal.why}`);
      case "failed":
        throw outcome.error;
      case "unclear":
        this.#doubt({ id, host, address: "" });
        await this.#clearDoubts(cell, signal);
        return UNREACHABLE;
    }
  }

  // Ending

  async #end(child: Placed, how: "stop" | "drain", reason?: ExitReason): Promise<void> {
    if (await this.#hosts.end(child, { how, reason })) this.#forget(child);
    else this.#doubt(child);
  }

  /** Nobody knows whether it lives, so it is not to live (E1). */
  #doubt(child: Placed): void {
    this.#doubtful = [...this.#doubtful, child];
    this.#forget(child);
  }

  #forget(child: Placed): void {
    this.#held.release(child.id, child.host.name);
    if (this.#child === child) this.#child = undefined;
  }

  /** The stand-in has ended (E4). */
  #over(reason: ExitReason): void {
    const how = reason === "killed" ? "kill" : "stop";
    for (const doubt of this.#doubtful) this.#hosts.release(doubt, "kill");
    this.#doubtful = [];
    if (this.#child === undefined) return;
    this.#hosts.release(this.#child, how);
    this.#forget(this.#child);
  }

  #fail(cell: Cell, reason: ExitReason, operation: string, error: TroupeError): void {
    // Told to watchers should this be the end of it; a restart forgets it.
    if (reason !== "failed") cell.holdings.exitReason = reason;
    failed(cell, reason === "intensity" ? "intensity" : "failed", operation, error);
  }

  /** E3: a restart that nobody counts. */
  async #move(): Promise<void> {
    const cell = this.#cell;
    if (cell === undefined || cell.phase !== Phase.running || this.#isMoving) return;
    this.#isMoving = true;
    try {
      await takeDownForRestart(cell);
      await startAgain(cell);
    } finally {
      this.#isMoving = false;
    }
  }

  async #pause(cell: Cell, signal: AbortSignal): Promise<void> {
    await this.#hosts.pause();
    if (signal.aborted) throw givenUp(cell);
  }
}

function membersOf(cell: Cell): readonly Member[] {
  return cell.kernel.ports.membership.members();
}

function unsure(cell: Cell, { host }: Placed): TroupeError {
  return new TroupeError(
    "node.disconnected",
    `${cell.address} is not started: ${host.name} does not answer and is not down, so it may run there still`,
  );
}

function givenUp(cell: Cell): TroupeError {
  return new TroupeError("actor.stopped", `${cell.address} was stopped while it started`);
}
