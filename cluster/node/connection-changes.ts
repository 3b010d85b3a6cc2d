/**
 * Who is told when a node's connections are lost and return.
 *
 * Owns: that both connections are followed, and what each change means for the node's parts. What a
 * connection does about its loss is `connections.ts`.
 */
import type { NatsConnection } from "nats";
import type { EventSink } from "../../runtime/event.ts";
import type { Log } from "../../runtime/log.ts";
import { messageOf } from "../../runtime/troupe-error.ts";
import { type Connections, followConnection } from "../connections.ts";
import type { NodeCondition } from "../health/node-condition.ts";
import { RefusalLog } from "../security/refusal-log.ts";

/** A part of a node that depends on one of the connections. */
export interface ConnectedPart {
  disconnected(): void;
  reconnected(): void;
}

/** Who depends on which connection. */
export interface ConnectedParts {
  readonly control: readonly ConnectedPart[];
  readonly data: readonly ConnectedPart[];
  readonly condition: NodeCondition;
}

/** Tells the parts what becomes of their connection, until it is closed. */
export function followConnections(
  connections: Connections,
  parts: ConnectedParts,
  { events, log }: { readonly events: EventSink; readonly log: Log },
): void {
  const { condition } = parts;
  const refusals = new RefusalLog(log);
  const follow = (which: "control" | "data", connection: NatsConnection): void => {
    followConnection(connection, {
      refused: (error) => refusals.refused(error),
      disconnected: () => {
        condition[which] = false;
        events.emit({ type: "server.lost", connection: which });
        if (which === "data") log.warn({}, "disconnected from the server; messages wait");
        for (const part of parts[which]) part.disconnected();
      },
      reconnected: () => {
        condition[which] = true;
        const server = connection.getServer();
        events.emit({ type: "server.returned", connection: which, server });
        if (which === "data") log.info({}, "connected to the server again");
        for (const part of parts[which]) part.reconnected();
      },
    }).catch((error: unknown) =>
      log.error({ error: messageOf(error) }, "the state of a connection is not known any more"),
    );
  };
  follow("control", connections.control);
  follow("data", connections.data);
}
