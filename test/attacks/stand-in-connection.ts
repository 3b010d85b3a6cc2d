/**
 * A connection to a server that is the test itself: whatever it wants is delivered, and what is published is
 * handed over.
 */
import type { Msg, MsgHdrs, NatsConnection, Subscription, SubscriptionOptions } from "nats";

/** A message as a test has it delivered. */
export interface Delivered {
  readonly subject: string;
  readonly bytes: Uint8Array;
  readonly reply?: string;
  readonly headers?: MsgHdrs;
}

type Heard = NonNullable<SubscriptionOptions["callback"]>;

/** The test's end of a connection, and the program's. */
export class StandInConnection {
  readonly connection: NatsConnection;
  readonly #heard = new Set<{ readonly pattern: readonly string[]; readonly callback: Heard }>();
  readonly #published: (subject: string, bytes: Uint8Array) => void;
  /** What a request of the program is answered. */
  answer: Uint8Array = new Uint8Array();

  constructor(published: (subject: string, bytes: Uint8Array) => void) {
    this.#published = published;
    const connection = {
      subscribe: (subject: string, options: SubscriptionOptions) =>
        this.#subscribe(subject, options),
      publish: (subject: string, bytes: Uint8Array) => this.#published(subject, bytes),
      request: async (subject: string) => this.#message({ subject, bytes: this.answer }),
      flush: async () => {},
      isClosed: () => false,
      info: { max_payload: 1_048_576 },
    };
    this.connection = connection as unknown as NatsConnection;
  }

  /** Delivers a message to all who listen; how many there were. */
  deliver(delivered: Delivered): number {
    const tokens = delivered.subject.split(".");
    let listeners = 0;
    for (const { pattern, callback } of this.#heard) {
      if (!matches(pattern, tokens)) continue;
      listeners++;
      callback(null, this.#message(delivered));
    }
    return listeners;
  }

  #subscribe(subject: string, { callback }: SubscriptionOptions): Subscription {
    const heard = { pattern: subject.split("."), callback: callback ?? (() => {}) };
    this.#heard.add(heard);
    const unsubscribe = (): void => void this.#heard.delete(heard);
    return { unsubscribe } as unknown as Subscription;
  }

  #message({ subject, bytes, reply, headers }: Delivered): Msg {
    const message = {
      subject,
      data: bytes,
      reply,
      headers,
      respond: (answer: Uint8Array = new Uint8Array()) => {
        if (reply !== undefined) this.#published(reply, answer);
        return reply !== undefined;
      },
    };
    return message as unknown as Msg;
  }
}

function matches(pattern: readonly string[], tokens: readonly string[]): boolean {
  for (const [at, token] of pattern.entries()) {
    if (token === ">") return tokens.length > at;
    if (token !== "*" && token !== tokens[at]) return false;
  }
  return pattern.length === tokens.length;
}
