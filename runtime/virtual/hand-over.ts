/**
 * Giving units to the nodes that should have them: while the cluster changes, and when this one leaves.
 *
 * Owns: when, how many at a time, and for how long. Who should have a unit says `hosting.ts`, how one is
 * given `region.ts`.
 *
 * H1: a node that leaves waits until nobody sends to it any more, or its time is up.
 * H2: it takes units until the others have heard that it leaves, and gives those on too: none stays behind with a
 *     node that had just begun to leave. Nobody gives to a node that said so, hence nothing goes back and forth.
 */
import { Delay } from "../kernel/delay.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Owner } from "../placement/ownership.ts";
import type { NodeIdentity } from "../ports/membership.ts";
import { EnvelopeKind } from "../remote/envelope.ts";
import type { Postbox } from "../remote/postbox.ts";
import type { Holding } from "./holding.ts";
import type { Hosting } from "./hosting.ts";
import type { Departure } from "./leavers.ts";
import { givenBody } from "./moved.ts";
import type { Questions } from "./questions.ts";
import type { Region } from "./region.ts";

/**
 * A unit is not handed on sooner than this after it came: views of the members differ for a while, and whoever
 * is passed over because it did not answer has been suspected by then, or lives.
 */
const SETTLED_MS = 3_000;
/** How many units are handed over at a time while the cluster changes. */
const MOVES = 32;
/** How many while this node leaves: the fewer, the shorter is each of them out of reach. */
const LEAVING_MOVES = 16;
/** A unit whose messages in hand take longer than this lets the next one go beside it. */
const LEAVING_PAUSE_MS = 50;
/** How long a hand-over waits for the messages in hand before the unit stays after all. */
const MOVE_MS = 10_000;
/** Of the time to leave, how much the messages in hand may take. */
const END_SHARE = 0.5;
const LEAVE_MS = 2_000;
/** How long the others have to hear that it leaves. Whoever is later may still give it something (H2). */
const CLOSING_MS = 1_000;
/** Of the time to leave, how much that may take. */
const CLOSING_SHARE = 0.2;

/** Who takes part in a {@link HandOver}. */
export interface HandOverSetting {
  readonly kernel: Kernel;
  readonly postbox: Postbox;
  readonly hosting: Hosting;
  readonly questions: Questions;
  readonly region: Region;
}

/** A unit on its way to another node. */
interface Giving {
  /** Who is to have it; absent until that is decided. */
  to: NodeIdentity | undefined;
  gave: Promise<void>;
}

/** Hands units on; see the file's header. */
export class HandOver {
  readonly #setting: HandOverSetting;
  readonly #givings = new Set<Giving>();
  /** Until when messages in hand may take, once this node gives all. */
  #leavingUntilMs: number | undefined;

  constructor(setting: HandOverSetting) {
    this.#setting = setting;
  }

  /** Hands on what should be elsewhere; `false` when some must be looked at again soon. */
  review(nowMs: number): boolean {
    const { hosting, region } = this.#setting;
    let isDone = true;
    for (const holding of region.holdings()) {
      if (holding.phase !== "held") continue;
      if (hosting.heirOf(holding.unit) === undefined) continue;
      if (this.#givings.size >= MOVES || nowMs - holding.sinceMs < SETTLED_MS) isDone = false;
      else void this.#give(holding, nowMs + MOVE_MS, "keep");
    }
    return isDone;
  }

  /** A unit is held from now on: one that comes while this node leaves goes on at once (H2). */
  taken(holding: Holding): void {
    if (this.#leavingUntilMs !== undefined) void this.#give(holding, this.#leavingUntilMs, "kill");
  }

  /** Resolves when nothing is on its way to a node. */
  async given(node: string): Promise<void> {
    const toIt = [...this.#givings].filter(({ to }) => to?.name === node);
    await Promise.all(toIt.map(({ gave }) => gave));
  }

  /** Gives everything to other nodes, and waits until nobody sends here any more, or time is up. */
  async leave(deadlineMs: number): Promise<void> {
    const { kernel, hosting, region } = this.#setting;
    hosting.leave();
    if (!region.standing() || !region.mayHold) {
      region.close();
      return;
    }
    const startMs = kernel.nowMs();
    await this.#say("closing", Math.min(CLOSING_MS, deadlineMs * CLOSING_SHARE));
    region.close();
    const limit = new Delay(kernel.wheel, kernel.nowMs(), startMs + deadlineMs - kernel.nowMs());
    await Promise.race([this.#giveAll(startMs + deadlineMs * END_SHARE), limit.over]);
    limit.finish(true);
    const leftMs = Math.max(0, startMs + deadlineMs - kernel.nowMs());
    await this.#say("leaving", Math.min(LEAVE_MS, leftMs));
  }

  /** Tells all others how far this node is; resolves when they have answered, or time is up. */
  async #say(departure: Departure, withinMs: number): Promise<void> {
    const { kernel, questions } = this.#setting;
    const { self } = kernel.ports.membership;
    const others = kernel.ports.membership
      .members()
      .filter(({ name, phase }) => name !== self.name && phase !== "down" && phase !== "suspected");
    await Promise.all(others.map(({ name }) => questions.depart(name, departure, withinMs)));
  }

  /** Gives all away, a few at a time, and what comes meanwhile. */
  async #giveAll(untilMs: number): Promise<void> {
    const { kernel, region } = this.#setting;
    this.#leavingUntilMs = untilMs;
    const waiting = [...region.holdings()];
    const giveNext = async (): Promise<void> => {
      for (let holding = waiting.pop(); holding !== undefined; holding = waiting.pop()) {
        const gave = this.#give(holding, untilMs, "kill");
        const pause = new Delay(kernel.wheel, kernel.nowMs(), LEAVING_PAUSE_MS);
        await Promise.race([gave, pause.over]);
        pause.finish(true);
      }
    };
    await Promise.all(Array.from({ length: LEAVING_MOVES }, giveNext));
    await region.claimed();
    while (this.#givings.size > 0) {
      await Promise.all([...this.#givings].map(({ gave }) => gave));
    }
  }

  async #give(holding: Holding, untilMs: number, late: "kill" | "keep"): Promise<void> {
    const { hosting, region } = this.#setting;
    const { unit } = holding;
    if (hosting.heirOf(unit) === undefined) return;
    const giving: Giving = { to: undefined, gave: Promise.resolve() };
    const heir = (): NodeIdentity | undefined => {
      const to = hosting.heirOf(unit);
      giving.to = to ?? giving.to;
      return to;
    };
    giving.gave = region
      .give(holding, heir, { untilMs, late })
      .then((owner) => this.#tell(holding, owner));
    this.#givings.add(giving);
    await giving.gave;
    this.#givings.delete(giving);
  }

  #tell({ unit }: Holding, owner: Owner | undefined): void {
    const { kernel, postbox } = this.#setting;
    if (owner === undefined || owner.node === kernel.ports.membership.self.name) return;
    postbox.send(owner.node, EnvelopeKind.moved, { to: "", body: givenBody(unit) });
  }
}
