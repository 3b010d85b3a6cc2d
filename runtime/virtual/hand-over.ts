/**
 * Giving units to the nodes that should have them: while the cluster changes, and when this one leaves.
 *
 * Owns: when, how many at a time, and for how long. Who should have a unit says `hosting.ts`, how one is
 * given `region.ts`.
 *
 * H1: a node that leaves waits until nobody sends to it any more, or its time is up.
 */
import { Delay } from "../kernel/delay.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { EnvelopeKind } from "../remote/envelope.ts";
import type { Postbox } from "../remote/postbox.ts";
import type { Holding } from "./holding.ts";
import type { Hosting } from "./hosting.ts";
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

/** Who takes part in a {@link HandOver}. */
export interface HandOverSetting {
  readonly kernel: Kernel;
  readonly postbox: Postbox;
  readonly hosting: Hosting;
  readonly questions: Questions;
  readonly region: Region;
}

/** Hands units on; see the file's header. */
export class HandOver {
  readonly #setting: HandOverSetting;
  #moves = 0;

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
      if (this.#moves >= MOVES || nowMs - holding.sinceMs < SETTLED_MS) isDone = false;
      else void this.#give(holding, nowMs + MOVE_MS, "keep");
    }
    return isDone;
  }

  /** Gives everything to other nodes, and waits until nobody sends here any more, or time is up. */
  async leave(deadlineMs: number): Promise<void> {
    const { kernel, hosting, questions, region } = this.#setting;
    hosting.leave();
    region.close();
    const holdings = region.holdings();
    if (!region.standing()) return;
    const startMs = kernel.nowMs();
    const limit = new Delay(kernel.wheel, startMs, deadlineMs);
    const gave = this.#giveAll(holdings, startMs + deadlineMs * END_SHARE);
    await Promise.race([gave, limit.over]);
    limit.finish(true);
    if (holdings.length === 0) return;
    const { self } = kernel.ports.membership;
    const others = kernel.ports.membership
      .members()
      .filter(({ name, phase }) => name !== self.name && phase !== "down" && phase !== "suspected");
    const leftMs = Math.max(0, startMs + deadlineMs - kernel.nowMs());
    const leaveMs = Math.min(LEAVE_MS, leftMs);
    await Promise.all(others.map(({ name }) => questions.leave(name, leaveMs)));
  }

  /** Gives many away, a few at a time. */
  async #giveAll(holdings: readonly Holding[], untilMs: number): Promise<void> {
    const { kernel } = this.#setting;
    const waiting = [...holdings];
    const giving: Promise<void>[] = [];
    const giveNext = async (): Promise<void> => {
      for (let holding = waiting.pop(); holding !== undefined; holding = waiting.pop()) {
        const gave = this.#give(holding, untilMs, "kill");
        giving.push(gave);
        const pause = new Delay(kernel.wheel, kernel.nowMs(), LEAVING_PAUSE_MS);
        await Promise.race([gave, pause.over]);
        pause.finish(true);
      }
    };
    await Promise.all(Array.from({ length: LEAVING_MOVES }, giveNext));
    await Promise.all(giving);
  }

  async #give(holding: Holding, untilMs: number, late: "kill" | "keep"): Promise<void> {
    const { hosting, region, postbox } = this.#setting;
    const to = hosting.heirOf(holding.unit);
    if (to === undefined) return;
    this.#moves++;
    const owner = await region.give(holding, to, { untilMs, late });
    this.#moves--;
    if (owner?.node !== to.name) return;
    const body = givenBody(holding.unit);
    postbox.send(to.name, EnvelopeKind.moved, { to: "", body });
  }
}
