/**
 * Takes a connection to another server when JetStream is silent at its own while that one answers.
 *
 * Owns: counting the outcomes of the connection's requests, looking whether another server is better,
 * and going there. What counts is `server-silence.ts`, which server is next `server-choice.ts`.
 *
 * V1: it goes only to a server that is better: JetStream answers there, and here it does not, or here fewer
 *     servers know of one another. In an election nobody answers, and nobody goes. A server that was cut
 *     off from the others answers pings for ever, and when it led JetStream even questions, for ten
 *     seconds or so: only writes are silent.
 * V2: a request made while the connection is down is held, and leaves when it is back: the client would
 *     drop it without an error. It is held for as long as it may take, and at most {@link MOST_HELD} are.
 * V3: looks that find nothing come further and further apart, at most 4 s.
 * V4: servers that were learned are remembered: one that is cut off tells its clients to forget the others.
 *
 * Cost: a counter per request; while JetStream is silent, a short connection per look to each other server
 * until one answers. Where it is told to ask by itself, and there are several servers, one request each
 * few seconds.
 */
import { errors, type NatsConnection, type Payload, type RequestOptions } from "nats";
import type { Log } from "../runtime/log.ts";
import type { Cancel, Clock } from "../runtime/ports/clock.ts";
import type { Random } from "../runtime/ports/random.ts";
import { messageOf } from "../runtime/troupe-error.ts";
import type { ServerChoice } from "./server-choice.ts";
import {
  MOST_SILENT,
  outcomeOf,
  outcomeOfFailure,
  pauseAfter,
  type RequestOutcome,
  silenceAfter,
} from "./server-silence.ts";

/** How many requests wait at most for a connection that is down (V2). */
export const MOST_HELD = 4_096;

const QUESTION = "$JS.API.INFO";
const QUESTION_MS = 2_000;
const MOST_KNOWN = 32;

/** What a server knows. */
interface Look {
  readonly outcome: RequestOutcome;
  /** How many servers know of one another, itself included. */
  readonly together: number;
}

/** What a {@link ServerChange} is made of. */
export interface ServerChangeOptions {
  readonly connection: NatsConnection;
  readonly choice: ServerChoice;
  /** Opens a short connection to one server, `host:port`. */
  readonly openAt: (listen: string) => Promise<NatsConnection>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** How often to ask JetStream when nobody else does; never by default. */
  readonly askEveryMs?: number | undefined;
}

/** Watches one connection until it is closed; see the file's header. */
export class ServerChange {
  readonly #options: ServerChangeOptions;
  readonly #request: NatsConnection["request"];
  #silent = 0;
  #looks = 0;
  #phase: "listening" | "looking" | "closed" = "listening";
  #isUp: boolean = true;
  readonly #held = new Set<() => void>();
  /** `host:port` (V4). */
  readonly #known = new Set<string>();
  /** How many servers have been seen to know of one another. */
  #mostTogether = 1;
  #cancelAsk: Cancel = () => {};
  #cancelLook: Cancel = () => {};

  constructor(options: ServerChangeOptions) {
    this.#options = options;
    const { connection } = options;
    this.#request = connection.request.bind(connection);
    // Every store speaks through this one method, those of the client included.
    connection.request = (subject, payload, settings) =>
      this.#watched(subject, payload, settings ?? { timeout: QUESTION_MS });
    this.updated();
    this.#askLater();
  }

  /** The server has told of others, or that some are gone. */
  updated(): void {
    for (const { listen } of this.#options.connection.getServers())
      if (this.#known.size < MOST_KNOWN) this.#known.add(listen);
  }

  /** The connection was lost. */
  disconnected(): void {
    this.#isUp = false;
  }

  /** The connection is back, with whichever server: what was held leaves. */
  reconnected(): void {
    this.#isUp = true;
    this.#silent = 0;
    this.updated();
    for (const leave of this.#held) leave();
  }

  /** The connection is closed for good. */
  closed(): void {
    this.#phase = "closed";
    this.#cancelAsk();
    this.#cancelLook();
    for (const leave of this.#held) leave();
  }

  async #watched(subject: string, payload: Payload | undefined, settings: RequestOptions) {
    const { clock } = this.#options;
    const startedMs = clock.monotonicMs();
    if (!this.#isUp && !(await this.#back(settings.timeout))) throw new errors.TimeoutError();
    const leftMs = settings.timeout - (clock.monotonicMs() - startedMs);
    if (leftMs < 1) throw new errors.TimeoutError();
    try {
      const answer = await this.#request(subject, payload, { ...settings, timeout: leftMs });
      this.#learned(outcomeOf(answer));
      return answer;
    } catch (thrown) {
      // What a lost connection swallowed says nothing about the server that comes next.
      if (this.#isUp) this.#learned(outcomeOfFailure(thrown));
      throw thrown;
    }
  }

  /** Resolves when the connection is back; with `false` when that is not in time. */
  #back(withinMs: number): Promise<boolean> {
    if (this.#held.size >= MOST_HELD) return Promise.resolve(false);
    return new Promise((resolve) => {
      const leave = (): void => {
        cancel();
        this.#held.delete(leave);
        resolve(this.#isUp);
      };
      const cancel = this.#options.clock.after(withinMs, leave);
      this.#held.add(leave);
    });
  }

  #learned(outcome: RequestOutcome): void {
    this.#silent = silenceAfter(this.#silent, outcome);
    if (outcome === "answered") this.#looks = 0;
    if (this.#silent >= MOST_SILENT && this.#phase === "listening") this.#lookNow();
  }

  #lookNow(): void {
    const { clock, log } = this.#options;
    if (this.#known.size < 2) return;
    this.#phase = "looking";
    this.#look()
      .catch((thrown: unknown) =>
        log.warn({ error: messageOf(thrown) }, "no server was looked for"),
      )
      .finally(() => {
        if (this.#phase === "closed") return;
        this.#cancelLook = clock.after(pauseAfter(this.#looks++), () => {
          this.#phase = "listening";
          if (this.#silent >= MOST_SILENT) this.#lookNow();
        });
      });
  }

  /** Looks at its own server, then at the others; goes to the first that is better (V1). */
  async #look(): Promise<void> {
    const { choice, connection, log } = this.#options;
    const here = connection.getServer();
    const own = await lookAt(connection, this.#request);
    for (const listen of this.#others(here)) {
      if (!isBetter(await this.#lookThere(listen), own)) continue;
      // It may have gone by itself, or been answered meanwhile.
      if (!this.#isUp || connection.isClosed() || connection.getServer() !== here) return;
      if (this.#silent < MOST_SILENT) return;
      log.warn({ from: here, to: listen }, "JetStream is silent here and answers there: going");
      choice.avoid(here);
      connection.setServers([...this.#known]);
      await connection.reconnect();
      return;
    }
    log.debug({ server: here }, "no server is better");
  }

  #others(here: string): readonly string[] {
    const others = [...this.#known].filter((listen) => listen !== here);
    const from = others.length === 0 ? 0 : this.#options.random.int(others.length);
    return [...others.slice(from), ...others.slice(0, from)];
  }

  async #lookThere(listen: string): Promise<Look> {
    let there: NatsConnection;
    try {
      there = await this.#options.openAt(listen);
    } catch {
      return { outcome: "unknown", together: 0 };
    }
    try {
      return await lookAt(there, there.request.bind(there));
    } finally {
      await there.close();
    }
  }

  #askLater(): void {
    const { askEveryMs, clock, connection } = this.#options;
    if (askEveryMs === undefined) return;
    this.#cancelAsk = clock.after(askEveryMs, () => {
      if (this.#phase === "closed") return;
      if (!this.#isUp || this.#phase === "looking" || this.#known.size < 2) {
        this.#askLater();
        return;
      }
      void lookAt(connection, this.#request).then(({ outcome, together }) => {
        this.#mostTogether = Math.max(this.#mostTogether, together);
        // The minority of a partition may not know yet that its leader leads nobody.
        const isMinority = 2 * together <= this.#mostTogether;
        if (this.#isUp) this.#learned(isMinority ? "silent" : outcome);
        this.#askLater();
      });
    });
  }
}

async function lookAt(
  connection: NatsConnection,
  request: NatsConnection["request"],
): Promise<Look> {
  const together = connection.info?.connect_urls?.length ?? 1;
  try {
    const answer = await request(QUESTION, undefined, { timeout: QUESTION_MS });
    return { outcome: outcomeOf(answer), together };
  } catch (thrown) {
    return { outcome: outcomeOfFailure(thrown), together };
  }
}

function isBetter(there: Look, here: Look): boolean {
  if (there.outcome !== "answered") return false;
  return here.outcome !== "answered" || there.together > here.together;
}
