/**
 * What is sent in the benchmarks of messages: four fields, a new object for every message.
 *
 * The rivals' messages carry the operation's name in one of their four fields; ours take it beside
 * them.
 */

/** A payload. */
export interface Parcel {
  /** How many are still to be sent, this one included, or a number to work with. */
  readonly left: number;
  readonly seq: number;
  /** Numbers of whoever sends it and whoever gets it. */
  readonly from: number;
  readonly to: number;
}
