/**
 * A stream that is there when it is needed.
 *
 * Owns: creating it unless it exists. Whether what exists does what its store asks for is that store's
 * question: it is given the configuration that the server really has.
 */
import { JetStreamApiError, type JetStreamManager, type StreamConfig } from "@nats-io/jetstream";
import { awaitedClock } from "../../runtime/ports/clock.ts";
import { afterElection } from "./election.ts";

const EXISTS_DIFFERENTLY = 10058;

/** Creates the stream unless it exists, with whatever limits, once there is a leader to do so; returns what the server made of it. */
export async function ensureStream(
  manager: JetStreamManager,
  config: Partial<StreamConfig> & { readonly name: string },
): Promise<StreamConfig> {
  try {
    return (await afterElection(awaitedClock, () => manager.streams.add(config))).config;
  } catch (thrown) {
    if (!(thrown instanceof JetStreamApiError && thrown.code === EXISTS_DIFFERENTLY)) throw thrown;
    return (await manager.streams.info(config.name)).config;
  }
}
