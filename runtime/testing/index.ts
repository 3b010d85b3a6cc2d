/**
 * What tests of actors use: a seeded world, manual time and manual turns, probes. Published as
 * `troupe/testing`.
 */
export { checkedWorld, forSeeds, SeedFailure, type SeedsOptions } from "./for-seeds.ts";
export { ManualClock, type ManualClockOptions } from "./manual-clock.ts";
export { ManualScheduler, type ManualSchedulerOptions } from "./manual-scheduler.ts";
export type { ManualTime } from "./manual-time.ts";
export { Probe, type ProbeOptions, type ProbeWait, probe } from "./probe.ts";
export type { Matcher, ProbedMessage, TakenMessage } from "./probed-message.ts";
export {
  type LedStore,
  SeededWorld,
  seededWorld,
  type WorldOptions,
} from "./seeded-world.ts";
export type { WorldEvent, WorldHappening } from "./world-history.ts";
export type { JoinOptions } from "./world-nodes.ts";
export type { InitialFaults, WorldFaults } from "./world-stores.ts";
