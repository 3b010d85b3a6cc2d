/**
 * The children of the root supervisor, during one of its activations.
 *
 * Owns: starting them, starting them again after a take-over, and what is kept of them. They are children
 * of the guard at `$root` of this node, which supervises one for one and never gives up; each may live on
 * any node. Writing is `root-record.ts`, the messages are `root-supervisor.ts`.
 *
 * R1: what was answered is kept: a start before it begins, a stop before its end.
 * R2: nothing of an activation before runs any more, on any node that may act, when this one starts its
 *     first child.
 * R3: restarts that count go on counting; a count not yet written when the node dies is lost.
 * R4: a child that was running before and does not start now is tried again until it starts or is stopped.
 * R5: a child that ended by itself, or was restarted too often, is forgotten.
 */
import type { Address } from "../address.ts";
import type { ExitReason } from "../exit-reason.ts";
import { behaviorOf, cellOptions } from "../kernel/behavior.ts";
import type { Cell } from "../kernel/cell.ts";
import type { Context } from "../kernel/context.ts";
import { Watch } from "../kernel/death-watch.ts";
import { Delay } from "../kernel/delay.ts";
import { stop } from "../kernel/ending.ts";
import { Phase } from "../lifecycle.ts";
import type { Registration } from "../registration.ts";
import { messageOf, TroupeError } from "../troupe-error.ts";
import { checkedPlacement } from "./child-placement.ts";
import { Hosts } from "./hosts.ts";
import { type KeptChild, ROOT_NAME, type RootChild, type RootStart } from "./root-protocol.ts";
import { RootRecord } from "./root-record.ts";

const FIRST_PAUSE_MS = 1_000;
const LAST_PAUSE_MS = 30_000;

/** One of them. */
interface Hand {
  readonly spec: RootStart;
  /** In epoch milliseconds. */
  restarts: readonly number[];
  cell: Cell | undefined;
  /** Its first start of this activation has succeeded. */
  runs: boolean;
  waitsFor: string | undefined;
}

/** The children; see the file's header. */
export class RootCrew {
  readonly #context: Context;
  readonly #registrations: ReadonlyMap<string, Registration>;
  readonly #record: RootRecord;
  readonly #guard: Cell;
  readonly #lost: () => void;
  readonly #hands = new Map<string, Hand>();
  #cleared: Promise<void> = Promise.resolve();
  #ending: Promise<unknown> | undefined;

  /** @param lost - its state is another's, or cannot be written */
  constructor(
    context: Context,
    registrations: ReadonlyMap<string, Registration>,
    lost: () => void,
  ) {
    const { cell } = context;
    this.#context = context;
    this.#registrations = registrations;
    this.#record = new RootRecord(cell.kernel, context.activation);
    this.#guard = guardAbove(cell);
    this.#lost = lost;
  }

  /** Claims what was kept, and begins to start it again. */
  async begin(): Promise<void> {
    const kept = await this.#record.claim();
    for (const { spec, restarts } of kept) this.#hands.set(spec.name, handOf(spec, restarts));
    this.#guard.children.counted = (child) => this.#restarted(child);
    this.#context.signal.addEventListener("abort", () => void this.end(), { once: true });
    this.#cleared = this.#clear();
    for (const hand of this.#hands.values()) void this.#bringBack(hand);
  }

  /**
   * Starts one, and keeps it.
   *
   * @throws {TroupeError} saying why not
   */
  async start(spec: RootStart): Promise<{ readonly address: Address }> {
    if (this.#hands.has(spec.name)) {
      const why = `the root supervisor has a child ${JSON.stringify(spec.name)} already`;
      throw new TroupeError("actor.name-taken", why, { outcome: "never-ran" });
    }
    const hand = handOf(spec, []);
    this.#hands.set(spec.name, hand);
    try {
      this.#checked(spec);
      await this.#write();
      await this.#cleared;
      await this.#begun(hand);
      return { address: hand.cell?.address ?? "" };
    } catch (error) {
      if (this.#isKept(hand)) {
        this.#hands.delete(spec.name);
        await this.#write().catch(this.#unwritten);
      }
      throw error instanceof TroupeError ? error : invalid(error);
    }
  }

  /** Ends one, and forgets it; `false` when there is none. */
  async stop(name: string): Promise<boolean> {
    const hand = this.#hands.get(name);
    if (hand === undefined) return false;
    this.#hands.delete(name);
    await this.#write().catch((error: unknown) => {
      if (!this.#hands.has(name)) this.#hands.set(name, hand);
      throw error;
    });
    if (hand.cell !== undefined) await stop(hand.cell, "stop");
    return true;
  }

  list(): readonly RootChild[] {
    return [...this.#hands.values()].map(({ spec, cell, runs, restarts, waitsFor }) => ({
      name: spec.name,
      type: spec.type,
      placement: spec.placement ?? "spread",
      ...(runs && cell !== undefined ? { address: cell.address } : {}),
      ...(waitsFor === undefined ? {} : { waitsFor }),
      restarts: restarts.length,
    }));
  }

  /** The activation, or a generation of it, ends, and all of them with it. */
  end(): Promise<unknown> {
    this.#guard.children.counted = undefined;
    const cells = this.#guard.children.list().toReversed();
    this.#ending ??= Promise.all(cells.map((cell) => stop(cell, "stop")));
    return this.#ending;
  }

  // Starting

  /** R2. */
  async #clear(): Promise<void> {
    const { kernel } = this.#context.cell;
    const hosts = new Hosts(kernel);
    const others = kernel.ports.membership.members().filter(({ phase }) => phase !== "down");
    await Promise.all(
      others.map(({ name, incarnation }) =>
        hosts.disown({ name, incarnation }, ROOT_NAME, this.#context.signal),
      ),
    );
  }

  /** R4. */
  async #bringBack(hand: Hand): Promise<void> {
    const { cell } = this.#context;
    await this.#cleared;
    for (let pauseMs = FIRST_PAUSE_MS; this.#isWanted(hand); pauseMs *= 2) {
      try {
        await this.#begun(hand);
        return;
      } catch (error) {
        hand.waitsFor = messageOf(error);
        cell.log.warn({ child: hand.spec.name, reason: hand.waitsFor }, "not started again yet");
      }
      const waitMs = Math.min(pauseMs, LAST_PAUSE_MS);
      await new Delay(cell.kernel.wheel, cell.kernel.nowMs(), waitMs).over;
    }
  }

  async #begun(hand: Hand): Promise<void> {
    const { name, input, restart } = hand.spec;
    const { definition, placement } = this.#checked(hand.spec);
    if (!this.#isWanted(hand)) {
      throw new TroupeError("actor.stopped", `${name} was stopped while it started`);
    }
    const cell = this.#guard.spawn(definition, {
      name,
      input,
      placement,
      ...(restart === undefined ? {} : { restart }),
    });
    hand.cell = cell;
    const { holdings, kernel } = cell;
    const { clock } = kernel.ports;
    // R3: on this node's own clock.
    holdings.restarts = hand.restarts.map((atMs) => kernel.nowMs() - (clock.nowMs() - atMs));
    holdings.inRow = hand.restarts.length;
    cell.addWatcher(new Watch(cell.address, ({ reason }) => this.#ended(hand, reason)));
    await cell.ready;
    hand.runs = true;
    hand.waitsFor = undefined;
    if (cell.hasStopped) this.#ended(hand, "normal");
  }

  #checked({ type, protocol: wanted, placement = "spread" }: RootStart): {
    readonly definition: object;
    readonly placement: Exclude<ReturnType<typeof checkedPlacement>, "local">;
  } {
    const { node } = this.#context.cell.kernel;
    const registration = this.#registrations.get(type);
    if (registration?.kind !== "spawnable") {
      const known = [...this.#registrations.values()].flatMap((one) =>
        one.kind === "spawnable" ? [one.name] : [],
      );
      throw refused(
        `${node} has no spawnable(…) named ${type}; it has ${known.join(", ") || "none"}`,
      );
    }
    const has = registration.definition.protocol.name;
    if (has !== wanted) throw refused(`${type} of ${node} speaks ${has}, not ${wanted}`);
    let where: ReturnType<typeof checkedPlacement>;
    try {
      where = checkedPlacement(placement);
    } catch (error) {
      throw invalid(error);
    }
    if (where === "local") {
      throw invalid(
        "placement: what outlives its node cannot be local; give spread, role:… or node:…",
      );
    }
    return { definition: registration.definition, placement: where };
  }

  // What becomes of them

  #restarted(child: Cell): void {
    const hand = this.#hands.get(child.name);
    if (hand?.cell !== child) return;
    const epochMs = child.kernel.ports.clock.nowMs() - child.kernel.nowMs();
    hand.restarts = child.holdings.restarts.map((atMs) => Math.round(epochMs + atMs));
    void this.#write().catch(this.#unwritten);
  }

  /** R5. */
  #ended(hand: Hand, reason: ExitReason): void {
    // What ends with its node has not ended by itself: the next activation starts it again (R4).
    const isNodes = this.#guard.phase !== Phase.running;
    if (!hand.runs || isNodes || !this.#isWanted(hand)) return;
    this.#hands.delete(hand.spec.name);
    const { log } = this.#context.cell;
    if (reason !== "normal")
      log.error({ child: hand.spec.name, reason }, "the root gives a child up");
    void this.#write().catch(this.#unwritten);
  }

  #isKept(hand: Hand): boolean {
    return this.#hands.get(hand.spec.name) === hand;
  }

  #isWanted(hand: Hand): boolean {
    return this.#isKept(hand) && this.#ending === undefined && !this.#context.signal.aborted;
  }

  #write(): Promise<void> {
    return this.#record.write(() =>
      [...this.#hands.values()].map(({ spec, restarts }): KeptChild => ({ spec, restarts })),
    );
  }

  readonly #unwritten = (error: unknown): void => {
    if (this.#ending !== undefined || this.#context.signal.aborted) return;
    this.#context.cell.log.error({ err: error }, "the root supervisor's children are not kept");
    this.#lost();
  };
}

function handOf(spec: RootStart, restarts: readonly number[]): Hand {
  return { spec, restarts, cell: undefined, runs: false, waitsFor: undefined };
}

/** The guard at `$root` of this node, made when it is first needed. */
function guardAbove(cell: Cell): Cell {
  let top = cell;
  while (top.parent !== undefined) top = top.parent;
  const known = top.children.find(ROOT_NAME);
  if (known !== undefined) return known;
  const options = cellOptions({ restart: "temporary", mailbox: { capacity: 1 } });
  // What programs start has nothing to do with each other: only its own restarts count against a child.
  const limit = { restarts: Number.POSITIVE_INFINITY, withinMs: 1 };
  const behavior = behaviorOf(guard);
  return top.adopt(
    { kernel: cell.kernel, behavior, options: { ...options, guards: true, limit } },
    ROOT_NAME,
    undefined,
  );
}

/** Does nothing but supervise. */
const guard: object = {
  protocol: { name: "guard@1", operations: {} },
  init: () => undefined,
  handlers: {},
  hooks: {},
  options: { restart: "temporary" },
};

function refused(why: string): TroupeError {
  return new TroupeError("placement.none", why, { outcome: "never-ran" });
}

function invalid(error: unknown): TroupeError {
  const why = typeof error === "string" ? error : messageOf(error);
  return new TroupeError("ask.invalid", why, { outcome: "never-ran" });
}
