/**
 * How a node ends: because it was told to, or because it was fenced.
 *
 * Owns: which of both it was, and who is told. What is ended, and in which order, is `start-node.ts`.
 *
 * I1: who is fenced says nothing more, and its end takes a second at the most.
 * I2: the first reason stands.
 */
import type { Log } from "../../runtime/log.ts";
import type { TroupeError } from "../../runtime/troupe-error.ts";
import type { NodeCondition } from "../health/node-condition.ts";
import type { NodeEnd } from "./node.ts";
import type { Teardown } from "./teardown.ts";

const FENCED_STOP_MS = 1_000;

/** The end of a node; see the file's header. */
export class NodeEnding {
  /** Resolves when the node has ended. */
  readonly ended: Promise<NodeEnd>;
  readonly #teardown: Teardown;
  readonly #condition: NodeCondition;
  readonly #log: Log;
  #end: (how: NodeEnd) => void = () => {};
  #fenced: TroupeError | undefined;

  constructor(teardown: Teardown, condition: NodeCondition, log: Log) {
    this.#teardown = teardown;
    this.#condition = condition;
    this.#log = log;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** Whether the node has lost the right to act. */
  get isFenced(): boolean {
    return this.#fenced !== undefined;
  }

  /** Ends everything within `deadlineMs`; who asks again awaits the same end. */
  async stop(deadlineMs: number): Promise<void> {
    if (this.#condition.phase !== "ended") this.#condition.phase = "draining";
    await this.#teardown.run(deadlineMs);
    this.#condition.phase = "ended";
    this.#end(
      this.#fenced === undefined ? { kind: "stopped" } : { kind: "fenced", error: this.#fenced },
    );
    await this.ended;
  }

  /** Ends a node that may not act any more, its `links` at once: what still waits there reaches nobody. */
  fence(error: TroupeError, links: { close(): void }): void {
    if (this.#fenced !== undefined) return;
    this.#fenced = error;
    this.#log.error({ code: error.code, error: error.message }, "this node is fenced and ends");
    links.close();
    void this.stop(FENCED_STOP_MS);
  }
}
