/**
 * Counts events while a review runs: what each stage took, and what followed a kill.
 *
 * Owns: the counting. Events arrive through one recorder, in each node's order.
 */
import type { TroupeEvent } from "../../runtime/index.ts";

/** Counts since the review began. */
export interface Counts {
  readonly messages: number;
  readonly modelCalls: number;
  readonly costMicros: number;
  readonly restarts: number;
  readonly retries: number;
}

/** The running counts. */
export class EventTally {
  #messages = 0;
  #modelCalls = 0;
  #costMicros = 0;
  #restarts = 0;
  #retries = 0;
  readonly #accepted = new Set<string>();
  readonly #takenOver = new Map<string, number>();
  #heard: (from: string) => void = () => {};

  /** Counts one event. */
  record(event: TroupeEvent): void {
    switch (event.type) {
      case "message.handled":
        this.#messages++;
        return;
      case "model.called":
        this.#modelCalls++;
        this.#costMicros += event.costMicros;
        return;
      case "actor.failed":
        if (event.decision === "restart") this.#restarts++;
        return;
      case "task.accepted":
        this.#accepted.add(event.task);
        return;
      case "task.claimed":
        this.#messages++;
        if (event.attempt > 1) this.#retries++;
        if (event.takenFrom !== undefined) this.#noteTakeOver(event.takenFrom);
        return;
      default:
        return;
    }
  }

  /** The counts so far. */
  counts(): Counts {
    return {
      messages: this.#messages,
      modelCalls: this.#modelCalls,
      costMicros: this.#costMicros,
      restarts: this.#restarts,
      retries: this.#retries,
    };
  }

  /** The tasks that were accepted. */
  get accepted(): ReadonlySet<string> {
    return this.#accepted;
  }

  /** How many tasks others took over from a node. */
  takenFrom(node: string): number {
    return this.#takenOver.get(node) ?? 0;
  }

  /** Calls `heard` each time that a task is taken over from `victim`. */
  followKill(victim: string, heard: () => void): void {
    this.#heard = (from) => {
      if (from === victim) heard();
    };
  }

  #noteTakeOver(from: string): void {
    this.#takenOver.set(from, this.takenFrom(from) + 1);
    this.#heard(from);
  }
}

/** What was counted between two moments. */
export function countsBetween(from: Counts, to: Counts): Counts {
  return {
    messages: to.messages - from.messages,
    modelCalls: to.modelCalls - from.modelCalls,
    costMicros: to.costMicros - from.costMicros,
    restarts: to.restarts - from.restarts,
    retries: to.retries - from.retries,
  };
}
