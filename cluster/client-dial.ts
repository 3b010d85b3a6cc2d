/**
 * Opens connections of the NATS client so that none leaves a socket behind.
 *
 * Owns: what becomes of a socket whose connection never stood. The client forgets it: of a server that
 * takes connections and says nothing, one that stands still for example, a socket stays open for as long as that server
 * does, and with it the process that wanted to end. Options and errors are `connections.ts`.
 */
import type { NatsConnection, NodeConnectionOptions } from "nats";
import { connect, setTransportFactory } from "nats";
import { NodeTransport, nodeResolveHost } from "nats/lib/node_transport.js";

class ClosingTransport extends NodeTransport {
  override async close(error?: Error): Promise<void> {
    await super.close(error);
    // It does nothing more to a socket that the line above has closed.
    this.discard();
  }
}

/** As the client's own `connect`. */
export function dial(options: NodeConnectionOptions): Promise<NatsConnection> {
  const opening = connect(options);
  // The client sets its own factory each time, and asks it a turn later.
  setTransportFactory({ factory: () => new ClosingTransport(), dnsResolveFn: nodeResolveHost });
  return opening;
}
