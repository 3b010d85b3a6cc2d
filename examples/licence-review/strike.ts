/**
 * The strike: one node of the crew is killed half-way, and what follows is measured.
 *
 * Owns: the choice of the victim, the kill and the times after it.
 *
 * S1: one of several is killed; the last one standing is spared.
 */
import type { Clock, Random } from "../../runtime/index.ts";
import type { ProcessCrew } from "./crew.ts";
import type { EventTally } from "./event-tally.ts";
import { JOB } from "./pipeline-stage.ts";
import type { Progress } from "./progress.ts";
import type { ReviewSummary } from "./summary.ts";

/** What a strike needs. */
export interface StrikeOptions {
  readonly crew: ProcessCrew;
  readonly tally: EventTally;
  readonly clock: Clock;
  readonly progress: Progress;
  /** Chooses the victim. */
  readonly random: Random;
}

/** What came of a strike; absent when none was made. */
export type StrikeReport = NonNullable<ReviewSummary["kill"]>;

/** See the head of this file. */
export class Strike {
  /** Who is to be killed. */
  readonly victim: string;
  readonly #options: StrikeOptions;
  readonly #startedMs: number;
  #report: StrikeReport | undefined;

  private constructor(victim: string, options: StrikeOptions) {
    this.victim = victim;
    this.#options = options;
    this.#startedMs = options.clock.monotonicMs();
  }

  /** Prepares a strike; `undefined` when nobody can be spared (S1). */
  static on(options: StrikeOptions): Strike | undefined {
    const { alive } = options.crew;
    const victim = alive[options.random.int(Math.max(1, alive.length))];
    return victim === undefined || alive.length < 2 ? undefined : new Strike(victim, options);
  }

  /** What came of it so far. */
  get report(): StrikeReport | undefined {
    return this.#report;
  }

  /** Kills the victim, provided that it has tasks in hand that others must take over. */
  async perform(): Promise<"struck" | "missed"> {
    const { crew, tally, clock, progress } = this.#options;
    if (!crew.alive.includes(this.victim)) return "missed";
    if (!(await crew.freezeAtWork(this.victim, JOB))) return "missed";
    const struckMs = clock.monotonicMs();
    const sinceMs = (): number => Math.round(clock.monotonicMs() - struckMs);
    let report: StrikeReport = {
      node: this.victim,
      atMs: Math.round(struckMs - this.#startedMs),
      suspectedMs: null,
      resumedMs: null,
    };
    this.#report = report;
    const note = (news: Partial<StrikeReport>): void => {
      report = { ...report, ...news };
      this.#report = report;
    };
    crew.node.membership.subscribe(({ member: { name, phase } }) => {
      if (name !== this.victim || report.suspectedMs !== null) return;
      if (phase !== "suspected" && phase !== "down") return;
      note({ suspectedMs: sinceMs() });
      progress.say(`${name} is suspected after ${report.suspectedMs} ms`);
    });
    tally.followKill(this.victim, () => {
      if (report.resumedMs === null) note({ resumedMs: sinceMs() });
    });
    crew.kill(this.victim);
    progress.say(`${this.victim} was killed`);
    return "struck";
  }
}
