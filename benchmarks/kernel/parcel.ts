/**
 * What is sent in the benchmarks of messages: four fields, a new object for every message.
 *
 * One of the four is the operation's name: ours take it beside the payload, the rivals' and the bare
 * loop's messages carry it as a field.
 */

/** A payload. */
export interface Parcel {
  /** How many are still to be sent, this one included, or a number to work with. */
  readonly left: number;
  readonly seq: number;
  /** The number of whoever sends it. */
  readonly from: number;
}
