/**
 * Which server of a list a connection goes to when it must connect again.
 *
 * Owns: the one that is to be avoided, and until when. That it is to be avoided decides
 * `server-change.ts`; the list, servers that were learned included, and the pauses are the client's.
 *
 * H1: a server that is avoided is taken only when there is no other.
 */
import type { ReconnectToServerHandler, Server } from "nats";
import type { Clock } from "../runtime/ports/clock.ts";

/** How long a server that did not answer is avoided. */
export const AVOID_MS = 30_000;

/** What one connection avoids; see the file's header. */
export class ServerChoice {
  readonly #clock: Clock;
  #avoided: { readonly listen: string; readonly untilMs: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Goes elsewhere for a while. @param listen - `host:port` */
  avoid(listen: string): void {
    this.#avoided = { listen, untilMs: this.#clock.monotonicMs() + AVOID_MS };
  }

  /** Asked by the client before each attempt. */
  readonly choose: ReconnectToServerHandler = (pool): Server | null => {
    const avoided = this.#avoided;
    if (avoided === undefined) return null;
    if (this.#clock.monotonicMs() >= avoided.untilMs) {
      this.#avoided = undefined;
      return null;
    }
    // The client turns its list after each attempt: its first one is the next in turn.
    return pool.find(({ listen }) => listen !== avoided.listen) ?? null;
  };
}
