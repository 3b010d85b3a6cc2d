/**
 * An actor on a node that bears load: says how its node is, and how many tells have arrived there.
 *
 * Owns: the messages between a bearing node and the command. Who asks is `node-watch.ts`; that the node
 * has this actor is `load-node.ts`'s doing.
 */
import {
  type ActorDefinition,
  type Ask,
  actor,
  ask,
  type Protocol,
  protocol,
  type System,
  systemClock,
} from "../../runtime/index.ts";
import { type ProcessReading, ProcessSampler } from "./process-sampler.ts";

/** How a node is. */
export interface NodeReading extends ProcessReading {
  /** When it was read, in epoch milliseconds. */
  readonly atMs: number;
  readonly pid: number;
  readonly queued: number;
  readonly longestQueue: number;
  /** Tells that were begun so far; absent where they are not counted. */
  readonly received?: number;
}

/** What a sampler can be asked. */
export type LoadSamplerOperations = {
  readonly read: Ask<undefined, NodeReading>;
};

/** The protocol of samplers. */
export const LoadSampler: Protocol<LoadSamplerOperations> = protocol("load-sampler@1", {
  read: ask<undefined, NodeReading>(),
});

/** The name of the sampler on every node that was started for a load. */
export const SAMPLER_NAME = "load-sampler";

/** Messages that a node has begun to handle. */
export interface ReceivedCount {
  count: number;
}

/**
 * Defines the sampler of a node.
 *
 * @param received - counts tells; `undefined` where nobody counts
 */
export function loadSampler(
  system: System,
  received: ReceivedCount | undefined,
): ActorDefinition<LoadSamplerOperations, undefined> {
  return actor(
    LoadSampler,
    () => new ProcessSampler(systemClock),
    {
      read: (ctx): NodeReading => {
        const { queued, longest } = system.queueDepth();
        return {
          ...ctx.state.read(),
          atMs: systemClock.nowMs(),
          pid: process.pid,
          queued,
          longestQueue: longest,
          ...(received === undefined ? {} : { received: received.count }),
        };
      },
    },
    { restart: "permanent", stopping: (ctx) => ctx.state.stop() },
  );
}
