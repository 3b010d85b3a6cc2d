/**
 * What a virtual actor or a singleton knows of its own activation: with what right it acts.
 *
 * Owns: the shape. Who may hold one is `runtime/virtual/`'s business; stores compare the token.
 */

/** An activation of a virtual actor or a singleton. */
export interface Activation {
  /** The name that it is registered under. */
  readonly type: string;
  /** Of a singleton: its type again. */
  readonly key: string;
  /**
   * The fencing token: the revision that won the ownership. It never decreases from one activation of a
   * key to the next, and no two owners share one.
   */
  readonly token: number;
  /** Whether this node may still act for it: its lease is fresh, and the ownership was not moved. */
  holds(): boolean;
}
