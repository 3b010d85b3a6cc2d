/**
 * What somebody would write on the bare client: subjects that answer, count and stream.
 *
 * No deadline of its own, no order across reconnects, no bound; bodies are bytes and nothing is encoded.
 */
import { connect } from "nats";
import type { PeerSetting } from "./peer.ts";
import type { Serving } from "./peer-process.ts";

/** Answered with the same bytes. */
export const BARE_ECHO = "bare.echo";
/** Bytes, counted. */
export const BARE_COUNT = "bare.count";
/** JSON with an operation and a text, handled by the operation's name, which counts it. */
export const BARE_TELL = "bare.tell";
/** Published back to `bare.pong`. */
export const BARE_PING = "bare.ping";
/** The bytes of a ping, back. */
export const BARE_PONG = "bare.pong";
/** Answered with as many messages as the text of the request says, and an empty one. */
export const BARE_TOKENS = "bare.tokens";

/** What is told by JSON. */
export interface BareTell {
  readonly operation: string;
  readonly text: string;
}

const NOTHING = new Uint8Array();

/** Serves the subjects. */
export async function servesBare({ url }: PeerSetting): Promise<Serving> {
  const connection = await connect({ servers: url });
  const encoder = new TextEncoder();
  let count = 0;
  connection.subscribe(BARE_ECHO, {
    callback: (_error, message) => void message.respond(message.data),
  });
  connection.subscribe(BARE_COUNT, {
    callback: () => {
      count++;
    },
  });
  const handlers: Readonly<Record<string, (message: BareTell) => void>> = {
    count: ({ text }) => {
      if (text !== "") count++;
    },
  };
  connection.subscribe(BARE_TELL, {
    callback: (_error, message) => {
      const told = message.json<BareTell>();
      handlers[told.operation]?.(told);
    },
  });
  connection.subscribe(BARE_PING, {
    callback: (_error, message) => connection.publish(BARE_PONG, message.data),
  });
  connection.subscribe(BARE_TOKENS, {
    callback: (_error, message) => {
      const tokens = Number(message.string());
      for (let at = 0; at < tokens; at++) {
        message.respond(encoder.encode(JSON.stringify({ token: `token ${at}` })));
      }
      message.respond(NOTHING);
    },
  });
  await connection.flush();
  return {
    count: () => {
      const counted = count;
      count = 0;
      return counted;
    },
    stop: () => connection.close(),
  };
}
