import type { Duration } from "./duration.ts";

/** When an ended child is started again: always, after a failure, never. */
export type RestartType = "permanent" | "transient" | "temporary";

/** How many restarts are allowed within a sliding window. */
export interface Intensity {
  readonly restarts: number;
  readonly within: Duration;
}

/** The pause before a restart: doubles from `initial` to `max`, ± `jitter`. */
export interface Backoff {
  readonly initial: Duration;
  readonly max: Duration;
  /** 0..1; default 0.2. */
  readonly jitter?: number;
}
