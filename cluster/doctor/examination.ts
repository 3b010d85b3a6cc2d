/**
 * What was found out about a server and a cluster on it.
 *
 * Owns: the facts, as plain data; what could not be known is absent. `examine.ts` finds them out,
 * `findings.ts` judges them.
 */

/** The server's own account of itself, over its monitoring port. */
export interface MonitoredServer {
  readonly maxPendingBytes: number | undefined;
  readonly maxConnections: number | undefined;
  readonly connections: number | undefined;
  /** `undefined` without JetStream. */
  readonly store:
    | {
        readonly folder: string;
        readonly maxFileBytes: number;
        readonly usedFileBytes: number;
        readonly syncMs: number;
        readonly syncAlways: boolean;
        /** What is free on its disk, when that is a disk of this machine. */
        readonly freeBytes: number | undefined;
      }
    | undefined;
}

/** A stream or bucket of the cluster. */
export interface ExaminedStream {
  readonly name: string;
  readonly replicas: number;
  readonly messages: number;
  readonly bytes: number;
}

/** A node as its lease and its heartbeats tell of it. */
export interface ExaminedNode {
  readonly name: string;
  /** How old its lease is; `undefined` when it has none. */
  readonly leaseAgeMs: number | undefined;
  readonly leaseTtlMs: number;
  /** Whether a heartbeat came while there was somebody to listen; `undefined` when nobody may. */
  readonly beats: boolean | undefined;
}

/** Something that the given credentials should be good for, tried. */
export interface Trial {
  /** In words. */
  readonly what: string;
  readonly subject: string;
  readonly allowed: boolean;
}

/** All that was found out. */
export interface Examination {
  readonly url: string;
  readonly cluster: string;
  /** Why there is no connection, or what it says. */
  readonly connection:
    | { readonly ok: false; readonly error: string; readonly isRefused: boolean }
    | {
        readonly ok: true;
        readonly version: string;
        readonly maxPayloadBytes: number;
        readonly encrypted: boolean;
        readonly authenticated: boolean;
        /** How many servers it knows, itself included. */
        readonly servers: number;
      };
  /** Why JetStream cannot be used, or what it says. */
  readonly jetstream:
    | { readonly ok: false; readonly error: string }
    | {
        readonly ok: true;
        readonly apiLevel: number;
        /** Of the account; -1 = none. */
        readonly maxFileBytes: number;
        readonly usedFileBytes: number;
      }
    | undefined;
  readonly monitored: MonitoredServer | undefined;
  /** Of the server's clock against this machine's, known to `withinMs`. */
  readonly clock: { readonly offsetMs: number; readonly withinMs: number } | undefined;
  readonly trials: readonly Trial[];
  readonly streams: readonly ExaminedStream[] | undefined;
  readonly nodes: readonly ExaminedNode[] | undefined;
  /** Whether others than its owner can read the file of the seed. */
  readonly seedIsOpen: boolean | undefined;
}
