/**
 * The measuring side of each way to ask another process: one function that asks and checks nothing.
 *
 * Owns: server, peer and connection of one variant, and their end.
 */
import { connect, type NatsConnection } from "nats";
import type { Setting } from "../benchmark.ts";
import { BARE_ECHO } from "./bare-peer.ts";
import { startLocalServer } from "./local-server.ts";
import { startBroker } from "./moleculer-peer.ts";
import { Peer, type PeerKind, type PeerSetting } from "./peer.ts";
import { ECHO_ADDRESS, Echo, startBenchNode } from "./troupe-peer.ts";

/** How to ask, and how to end what was started for it. */
export interface AskingSide {
  /** Asks for `body` back; resolves with what came, whose length is that of the body. */
  readonly ask: (body: Uint8Array) => Promise<{ readonly length: number }>;
  readonly end: () => Promise<void>;
}

/** A server with a peer on it. */
export interface PeerSide {
  readonly url: string;
  readonly peer: Peer;
  readonly setting: PeerSetting;
  /** Ends both. */
  readonly end: () => Promise<void>;
}

const TIMEOUT_MS = 30_000;
const OPTIONS = { timeout: TIMEOUT_MS } as const;

/** Starts a server and a process that serves on it. */
export async function startPeer(kind: PeerKind, { rivalsDir }: Setting): Promise<PeerSide> {
  const server = await startLocalServer();
  const setting = { kind, url: server.url, ...(rivalsDir === undefined ? {} : { rivalsDir }) };
  try {
    const peer = await Peer.start(setting);
    const end = async (): Promise<void> => {
      await peer.stop();
      await server.stop();
    };
    return { url: server.url, peer, setting, end };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Ours: an ask of an actor on another node. */
export async function askingTroupe(setting: Setting): Promise<AskingSide> {
  const { url, end } = await startPeer("troupe", setting);
  const node = await startBenchNode("asker", url);
  const ref = node.refOf(Echo, ECHO_ADDRESS);
  await ref.ask("echo", new Uint8Array(1), OPTIONS);
  return {
    ask: (body) => ref.ask("echo", body, OPTIONS),
    end: async () => {
      await node.stop();
      await end();
    },
  };
}

/** The client's own `request`. */
export async function askingRequest(setting: Setting): Promise<AskingSide> {
  const { url, end } = await startPeer("bare", setting);
  const connection = await connect({ servers: url });
  return {
    ask: async (body) => (await connection.request(BARE_ECHO, body, OPTIONS)).data,
    end: async () => {
      await connection.close();
      await end();
    },
  };
}

/** An inbox of one's own with a table of who waits: no deadline, no cancellation, no errors. */
export async function askingOwnInbox(setting: Setting): Promise<AskingSide> {
  const { url, end } = await startPeer("bare", setting);
  const connection = await connect({ servers: url });
  return {
    ask: ownInbox(connection),
    end: async () => {
      await connection.close();
      await end();
    },
  };
}

function ownInbox(connection: NatsConnection): AskingSide["ask"] {
  const prefix = "_INBOX_own.";
  const waiting = new Map<string, (data: Uint8Array) => void>();
  let last = 0;
  connection.subscribe(`${prefix}*`, {
    callback: (_error, message) => {
      const { subject } = message;
      waiting.get(subject)?.(message.data);
      waiting.delete(subject);
    },
  });
  return (body) =>
    new Promise((resolve) => {
      const reply = `${prefix}${++last}`;
      waiting.set(reply, resolve);
      connection.publish(BARE_ECHO, body, { reply });
    });
}

/** moleculer over NATS, with a time-out for each call. */
export async function askingMoleculer(setting: Setting): Promise<AskingSide> {
  const { setting: peer, end } = await startPeer("moleculer", setting);
  const broker = await startBroker("asker", peer);
  await broker.waitForServices(["echo"], TIMEOUT_MS, 10);
  const texts = new Map<number, string>();
  return {
    ask: async ({ length }) => {
      let body = texts.get(length);
      if (body === undefined) {
        body = "x".repeat(length);
        texts.set(length, body);
      }
      const answer = (await broker.call("echo.echo", { body }, OPTIONS)) as { body: string };
      return answer.body;
    },
    end: async () => {
      await broker.stop();
      await end();
    },
  };
}
