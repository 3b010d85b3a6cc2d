/**
 * Events on their way to one reader: a bounded buffer that says what it left out.
 *
 * B1: at most {@link ROOM} events wait; past that the newest are left out and counted, and the reader is
 *     told where. A slow reader slows down nobody.
 * B2: what is not wanted is not kept. B3: after the end, what waits is handed over, and then nothing.
 */
import type { TroupeEvent } from "../../runtime/event.ts";
import type { EventsBatch, EventsQuery } from "./node-protocol.ts";

/** How many events wait for a reader. */
export const ROOM = 1_024;
const BATCH = 64;
/** Told of only to those who name it: there may be a million a second. */
const DETAILED = "message.handled";

/** Whether an event is wanted. */
export function isWanted({ types, path }: EventsQuery, event: TroupeEvent): boolean {
  const isOfType =
    types === undefined
      ? event.type !== DETAILED
      : types.some((type) => event.type === type || event.type.startsWith(`${type}.`));
  return isOfType && (path === undefined || concerns(event, path));
}

/** Whether a query needs every message to be told of. */
export function wantsMessages({ types }: EventsQuery): boolean {
  return types?.some((type) => DETAILED === type || DETAILED.startsWith(`${type}.`)) ?? false;
}

function concerns(event: TroupeEvent, path: string): boolean {
  const isBelow = (of: string): boolean => of === path || of.startsWith(`${path}/`);
  const here = `${event.node}/`;
  const isHere = (address: string): boolean =>
    address.startsWith(here) && isBelow(address.slice(here.length));
  if ("path" in event) return isBelow(event.path);
  return "to" in event && "from" in event && (isHere(event.to) || isHere(event.from));
}

/** The buffer. */
export class EventBuffer {
  readonly #query: EventsQuery;
  #events: TroupeEvent[] = [];
  #missed = 0;
  #ended = false;
  #wake: () => void = () => {};

  constructor(query: EventsQuery) {
    this.#query = query;
  }

  /** Keeps an event, if it is wanted and there is room. */
  add(event: TroupeEvent): void {
    if (!isWanted(this.#query, event)) return;
    if (this.#events.length >= ROOM) this.#missed++;
    else this.#events.push(event);
    this.#wake();
  }

  /** Nothing more is waited for: what is here may still be taken. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** What waits, up to a bound; resolves when there is something. `undefined` after the end. */
  async take(): Promise<EventsBatch | undefined> {
    if (this.#events.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = () => {};
    }
    if (this.#events.length === 0) return undefined;
    const events = this.#events.slice(0, BATCH);
    this.#events = this.#events.slice(BATCH);
    // What was left out came after all that waited.
    const missed = this.#events.length === 0 ? this.#missed : 0;
    this.#missed -= missed;
    return { events, missed };
  }
}
