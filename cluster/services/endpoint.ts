/**
 * One ask of one actor type as a service, and what it did so far.
 *
 * Owns: the counts. They are taken here and nowhere else, once per request, at its end.
 *
 * Cost: two readings of the clock a request.
 */
import type { Clock } from "../../runtime/ports/clock.ts";

/** What an endpoint did so far. */
export interface EndpointCounts {
  readonly requests: number;
  readonly errors: number;
  /** Empty while there was none. */
  readonly lastError: string;
  /** From the request's arrival to its answer, all together. */
  readonly processingMs: number;
}

/** An ask of an actor type, offered as a service. */
export class Endpoint {
  readonly operation: string;
  readonly subject: string;
  readonly #clock: Clock;
  #requests = 0;
  #errors = 0;
  #lastError = "";
  #processingMs = 0;

  constructor(operation: string, subject: string, clock: Clock) {
    this.operation = operation;
    this.subject = subject;
    this.#clock = clock;
  }

  get counts(): EndpointCounts {
    return {
      requests: this.#requests,
      errors: this.#errors,
      lastError: this.#lastError,
      processingMs: this.#processingMs,
    };
  }

  /** A request arrived; what is returned is told of its end, and with which error. */
  begin(): (error?: string) => void {
    const startedMs = this.#clock.monotonicMs();
    return (error) => {
      this.#requests++;
      this.#processingMs += this.#clock.monotonicMs() - startedMs;
      if (error === undefined) return;
      this.#errors++;
      this.#lastError = error;
    };
  }
}
