/**
 * A thread of a legal history: what some lives tell, in order, of something of their own.
 *
 * Owns: the shape.
 */
import type { Fact } from "./record.ts";

/** A record that a life tells at some time. */
export interface Step {
  /** `node#life`. */
  readonly by: string;
  readonly fact: (nowMs: number) => Fact;
}

/** What happens in order, and what is told once all faults are over. */
export interface Thread {
  readonly steps: readonly Step[];
  readonly atLast: readonly Step[];
}

/** Collects steps. */
export class Steps {
  readonly steps: Step[] = [];

  tell(by: string, ...facts: readonly (Fact | ((nowMs: number) => Fact))[]): void {
    for (const fact of facts) {
      this.steps.push({ by, fact: typeof fact === "function" ? fact : () => fact });
    }
  }
}
