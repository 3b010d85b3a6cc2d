/**
 * The other process of a benchmark over the network, as the measuring one holds it.
 *
 * Owns: its start, one question at a time, and its end. What runs in it is `peer-process.ts`.
 *
 * P1: a question that is not answered in time rejects; nothing waits without a limit.
 * P2: the peer ends with this process.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** What a peer runs: one of ours, code on the bare client, or a rival. */
export type PeerKind = "troupe" | "bare" | "moleculer";

/** What a peer is started with. */
export interface PeerSetting {
  readonly kind: PeerKind;
  readonly url: string;
  readonly rivalsDir?: string;
}

/** What a peer is asked. */
export interface PeerQuestion {
  /** How many messages it received since it was last asked. */
  readonly type: "count";
}

/** What a peer says. */
export type PeerAnswer =
  | { readonly type: "ready" }
  | { readonly type: "count"; readonly count: number }
  | { readonly type: "failed"; readonly message: string };

const ENTRY = fileURLToPath(new URL("./peer-process.js", import.meta.url));
const ANSWER_MS = 30_000;
const END_MS = 5_000;

/** A process that answers what is sent to it over NATS. */
export class Peer {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Starts it and waits until it serves. */
  static async start(setting: PeerSetting): Promise<Peer> {
    const child = fork(ENTRY, [JSON.stringify(setting)], { stdio: ["ignore", 2, 2, "ipc"] });
    const peer = new Peer(child);
    await peer.#answer("ready");
    return peer;
  }

  /** How many messages it received since it was last asked. */
  async count(): Promise<number> {
    const question: PeerQuestion = { type: "count" };
    const answered = this.#answer("count");
    this.#child.send(question);
    return (await answered).count;
  }

  /** Ends it. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    const limit = setTimeout(() => this.#child.kill("SIGKILL"), END_MS);
    if (this.#child.connected) this.#child.disconnect();
    await exited;
    clearTimeout(limit);
  }

  #answer<T extends PeerAnswer["type"]>(type: T): Promise<Extract<PeerAnswer, { type: T }>> {
    return new Promise((resolve, reject) => {
      const over = (): void => {
        clearTimeout(limit);
        this.#child.off("message", heard).off("exit", gone);
      };
      const fail = (why: string): void => {
        over();
        this.#child.kill("SIGKILL");
        reject(new Error(`the other process: ${why}`));
      };
      const heard = (answer: PeerAnswer): void => {
        if (answer.type === "failed") fail(answer.message);
        else if (answer.type === type) {
          over();
          resolve(answer as Extract<PeerAnswer, { type: T }>);
        }
      };
      const gone = (): void => fail("it ended");
      const limit = setTimeout(() => fail(`no answer within ${ANSWER_MS} ms`), ANSWER_MS);
      this.#child.on("message", heard).once("exit", gone);
    });
  }
}
