/** One of our nodes with an actor that answers, counts and streams, and the node that measures it. */
import {
  type Ask,
  actor,
  addressOf,
  ask,
  type Node,
  type Protocol,
  protocol,
  type Stream,
  silentLog,
  startNode,
  stream,
  type Tell,
  tell,
} from "../../index.ts";
import type { PeerSetting } from "./peer.ts";
import type { Serving } from "./peer-process.ts";

/** Where the actor lives. */
export const ECHO_ADDRESS: string = addressOf("peer", "echo");

/** Where one lives that streams to many at a time. */
export const READER_ADDRESS: string = addressOf("peer", "reader");

/** Bodies that are answered pass as bytes; what is told, and tokens, are new objects. */
export const Echo: Protocol<{
  readonly echo: Ask<Uint8Array, Uint8Array>;
  readonly count: Tell<{ readonly text: string }>;
  /** How many were counted so far. */
  readonly counted: Ask<undefined, number>;
  /** Told back to an actor that hears `pong`. */
  readonly ping: Tell<{ readonly to: string; readonly body: Uint8Array }>;
  readonly tokens: Stream<{ readonly count: number }, { readonly token: string }, number>;
}> = protocol("echo@1", {
  echo: ask<Uint8Array, Uint8Array>(),
  count: tell<{ readonly text: string }>(),
  counted: ask<undefined, number>(),
  ping: tell<{ readonly to: string; readonly body: Uint8Array }>(),
  tokens: stream<{ readonly count: number }, { readonly token: string }, number>(),
});

/** Hears what is told back. */
export const Returns: Protocol<{ readonly pong: Tell<Uint8Array> }> = protocol("returns@1", {
  pong: tell<Uint8Array>(),
});

const echo = actor(
  Echo,
  () => ({ counted: 0 }),
  {
    echo: (_ctx, body) => body,
    count: ({ state }, { text }) => {
      if (text !== "") state.counted++;
    },
    counted: ({ state }) => state.counted,
    ping: (ctx, { to, body }) => {
      ctx.refOf(Returns, to).tell("pong", body);
    },
    async *tokens(_ctx, { count }) {
      for (let at = 0; at < count; at++) yield { token: `token ${at}` };
      return count;
    },
  },
  { mailbox: { capacity: 65_536 } },
);

/** Starts a node as a user would, on a server that is there. */
export function startBenchNode(name: string, url: string): Promise<Node> {
  return startNode({ name, nats: url, ingress: "closed", log: silentLog });
}

/** Serves the actor. */
export async function servesTroupe({ url }: PeerSetting): Promise<Serving> {
  const node = await startBenchNode("peer", url);
  const ref = node.spawn(echo, { name: "echo" });
  await ref.ready;
  await node.spawn(echo, { name: "reader", concurrency: 64 }).ready;
  return { count: () => 0, stop: () => node.stop() };
}
