/** What tests of actors use: manual time and manual turns. Published as `troupe/testing`. */
export { ManualClock, type ManualClockOptions } from "./manual-clock.ts";
export { ManualScheduler, type ManualSchedulerOptions } from "./manual-scheduler.ts";
