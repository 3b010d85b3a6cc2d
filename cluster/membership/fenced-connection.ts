/**
 * A connection that publishes nothing for a node without a lease.
 *
 * Owns: nothing but the question before each message. `fenced-line.ts` asks it before a call of a store
 * begins; a call that was under way when its process was stopped would go on when it wakes, and send
 * again what got no answer. This is what keeps it from doing so.
 *
 * The lease itself is renewed over the connection as it is.
 */
import type { NatsConnection } from "nats";
import { TroupeError } from "../../runtime/troupe-error.ts";

/**
 * What `connection` is, except that it publishes and requests only while `standing` holds.
 *
 * Cost: one reading of the clock per message.
 */
export function fencedConnection(
  connection: NatsConnection,
  name: string,
  standing: () => boolean,
): NatsConnection {
  const fenced = (): TroupeError =>
    new TroupeError("node.fenced", `node ${name} has no lease and sends nothing`, {
      data: { name },
    });
  const publish: NatsConnection["publish"] = (...args) => {
    if (!standing()) throw fenced();
    connection.publish(...args);
  };
  const request: NatsConnection["request"] = (...args) =>
    standing() ? connection.request(...args) : Promise.reject(fenced());
  // All else is the connection's own: clients made of this one see its options, status and subscriptions.
  return Object.create(connection, {
    publish: { value: publish },
    request: { value: request },
  }) as NatsConnection;
}
