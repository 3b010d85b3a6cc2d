/**
 * The two ends of an actor that is supervised from another node, as the kernel sees them.
 *
 * Owns: the seam. An actor that runs here for a supervisor elsewhere has a {@link Keeper}, the one that
 * stands in its place below that supervisor a {@link StandIn}; `spawning/` implements both.
 */
import type { Exit } from "../supervision.ts";

/** Decides about the exits of one actor, in place of its parent. */
export interface Keeper {
  /** Its handler or `init` threw, or it stopped by itself; it stands still until somebody decides. */
  exited(exit: Exit, operation: string, error: unknown): void;
}

/** What an actor that stands in for another is told of its own life. */
export interface StandIn {
  /** The one it stands for could be let go on after its failure. */
  readonly canGoOn: boolean;
  /** How long its `stopping` hook may take: as long as the other end needs. */
  readonly leaveMs: number;
  /** Its supervisor lets it go on after a failure. */
  resumed(): void;
  /** It is to end after what is queued. */
  drained(): void;
}
