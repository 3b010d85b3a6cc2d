/**
 * A TCP proxy that cuts, stalls and delays, for tests of what the network does.
 *
 * Owns: whom a rule is for. A connection is known by the first bytes that it sends: a client's name, a server's
 * name; so several can share one proxy and be treated apart.
 */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket, connect as tcpConnect } from "node:net";

/** What becomes of a connection: closed and refused, or kept open while nothing passes. */
export type Fault = "cut" | "stalled";

/** A proxy on a port of 127.0.0.1. */
export interface TcpProxy {
  readonly port: number;
  /** Does this to every connection whose first bytes hold `who`, those to come included; `""` = all. */
  befall(fault: Fault, who: string): void;
  /** Each chunk waits so long from now on. */
  delay(ms: number): void;
  /** Lets everything pass again; what was stalled goes on where it stood. */
  heal(): void;
  /** How many connections stand. */
  readonly size: number;
  close(): Promise<void>;
}

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  head: string;
}

const HEAD_BYTES = 16_384;

/** Starts a proxy to a port of 127.0.0.1, on a free port unless one is given. */
export async function startTcpProxy(target: number, port: number = 0): Promise<TcpProxy> {
  const pairs = new Set<Pair>();
  const rules = new Map<string, Fault>();
  let delayMs = 0;
  const faultOf = ({ head }: Pair): Fault | undefined => {
    for (const [who, fault] of rules) if (head.includes(who)) return fault;
    return undefined;
  };
  const drop = (pair: Pair): void => {
    pairs.delete(pair);
    pair.near.destroy();
    pair.far.destroy();
  };
  const apply = (pair: Pair): void => {
    const fault = faultOf(pair);
    if (fault === "cut") drop(pair);
    for (const socket of [pair.near, pair.far])
      if (fault === "stalled") socket.pause();
      else socket.resume();
  };
  const forward = (from: Socket, to: Socket, pair: Pair): void => {
    from.on("data", (chunk: Buffer) => {
      if (from === pair.near && pair.head.length < HEAD_BYTES) {
        pair.head += chunk.toString("latin1");
        if (rules.size > 0) apply(pair);
      }
      if (to.destroyed) return;
      if (delayMs === 0) to.write(chunk);
      else setTimeout(() => to.write(chunk), delayMs);
    });
    from.on("error", () => drop(pair));
    from.on("close", () => drop(pair));
  };
  const server = createServer((near) => {
    const far = tcpConnect(target, "127.0.0.1");
    const pair: Pair = { near, far, head: "" };
    pairs.add(pair);
    near.setNoDelay();
    far.setNoDelay();
    forward(near, far, pair);
    forward(far, near, pair);
    if (rules.has("")) apply(pair);
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    befall: (fault, who) => {
      rules.set(who, fault);
      for (const pair of pairs) apply(pair);
    },
    delay: (ms) => {
      delayMs = ms;
    },
    heal: () => {
      rules.clear();
      delayMs = 0;
      for (const pair of pairs) apply(pair);
    },
    get size() {
      return pairs.size;
    },
    close: async () => {
      const closed = once(server, "close");
      server.close();
      for (const pair of pairs) drop(pair);
      await closed;
    },
  };
}
