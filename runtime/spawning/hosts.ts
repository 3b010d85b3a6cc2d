/**
 * The nodes that run children, as the supervisors' node speaks with them.
 *
 * Owns: what the outcomes of a question mean: did it take place, did it not, or does nobody know. What
 * follows from that is `seat.ts`; the other end is `hosting.ts`.
 *
 * H1: nothing here throws for what another node or the way there does; it is the outcome.
 * H2: every question may be asked again: a start by its id, another generation by its number.
 */
import type { ActorRef, AskOptions } from "../actor-ref.ts";
import { type Address, addressOf } from "../address.ts";
import type { ExitReason } from "../exit-reason.ts";
import { Delay } from "../kernel/delay.ts";
import type { StopHow } from "../kernel/ending.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { NodeIdentity } from "../ports/membership.ts";
import { errorFromRecord, TroupeError } from "../troupe-error.ts";
import { thrownFor } from "./hosted-child.ts";
import {
  SPAWN_NAME,
  Spawn,
  type SpawnOperations,
  type SpawnRefusal,
  type StartRequest,
} from "./spawn-protocol.ts";

/** A child as the supervisor's node knows it. */
export interface Placed {
  readonly id: string;
  readonly host: NodeIdentity;
  readonly address: Address;
}

/** What came of a start on one node. */
export type StartOutcome =
  | { readonly kind: "started"; readonly child: Placed }
  | { readonly kind: "refused"; readonly refusal: Exclude<SpawnRefusal, { kind: "failed" }> }
  /** It ran, and its `init` threw. */
  | { readonly kind: "failed"; readonly error: TroupeError }
  /** The question did not reach an actor that answers it. */
  | { readonly kind: "unreachable" }
  /** Perhaps it runs: nobody knows. */
  | { readonly kind: "unclear" };

/** What came of starting a child's next generation. */
export type AgainOutcome =
  | { readonly kind: "started" }
  | { readonly kind: "gone" }
  | { readonly kind: "failed"; readonly error: TroupeError }
  | { readonly kind: "unclear" };

/** How a child is ended. */
export interface EndOptions {
  readonly how: StopHow;
  /** What its watchers are told; by default what `how` says. */
  readonly reason?: ExitReason | undefined;
  readonly signal?: AbortSignal;
}

type Answer<T> =
  | { readonly kind: "answered"; readonly value: T }
  /** Nobody there runs children. */
  | { readonly kind: "absent" }
  | { readonly kind: "unreachable" }
  | { readonly kind: "unclear" };

/** How long a child's `init` may take. */
const START_MS = 300_000;
/** How long the end of a generation, or of a child, is waited for. */
export const LEAVE_MS = 600_000;
/** One question may be lost without a trace: it is asked again after so long. */
const ASK_MS = 5_000;
const PAUSE_MS = 100;

/** Speaks with the hosts of children; see the file's header. */
export class Hosts {
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  async start(
    host: NodeIdentity,
    request: StartRequest,
    signal: AbortSignal,
  ): Promise<StartOutcome> {
    const answer = await this.#insist(host, START_MS, signal, (spawn, options) =>
      spawn.ask("start", request, options),
    );
    if (answer.kind === "absent") return { kind: "unreachable" };
    if (answer.kind !== "answered") return answer;
    const started = answer.value;
    if (started.ok) {
      const { address, incarnation } = started;
      const child = { id: request.id, host: { name: host.name, incarnation }, address };
      return { kind: "started", child };
    }
    const { refusal } = started;
    if (refusal.kind !== "failed") return { kind: "refused", refusal };
    return { kind: "failed", error: thrownFor(refusal.exit, errorFromRecord(refusal.error)) };
  }

  async again(
    { id, host }: Placed,
    generation: number,
    signal: AbortSignal,
  ): Promise<AgainOutcome> {
    const answer = await this.#insist(host, START_MS, signal, (spawn, options) =>
      spawn.ask("again", { id, generation }, options),
    );
    if (answer.kind !== "answered") return { kind: "unclear" };
    const started = answer.value;
    if (started.ok) return { kind: "started" };
    if ("gone" in started) return { kind: "gone" };
    return { kind: "failed", error: thrownFor(started.exit, errorFromRecord(started.error)) };
  }

  /** Takes a child's generation down; should that not be heard, starting it again does it. */
  async down({ id, host }: Placed): Promise<void> {
    await this.#insist(host, LEAVE_MS, undefined, (spawn, options) =>
      spawn.ask("down", { id }, options),
    );
  }

  resume({ id, host }: Placed): void {
    this.#spawnOn(host).tell("resume", { id });
  }

  /** Ends a child; resolves when it has ended or its node is down, or with `false` when nobody knows. */
  async end({ id, host }: Placed, { how, reason, signal }: EndOptions): Promise<boolean> {
    const request = { id, how, ...(reason === undefined ? {} : { reason }) };
    const answer = await this.#insist(host, LEAVE_MS, signal, (spawn, options) =>
      spawn.ask("stop", request, options),
    );
    // That no question has reached the node ends nothing there.
    return answer.kind === "answered" || answer.kind === "absent" || this.isDown(host);
  }

  /** Has a child end, without waiting for that; should this be lost, nobody holds the child any more. */
  release({ id, host }: Placed, how: StopHow): void {
    this.#spawnOn(host).tell("release", { id, how });
  }

  /**
   * Has a node end all children of supervisors at or below a path, and heed only this node's starts there;
   * resolves then, or when it is down.
   */
  async disown(host: NodeIdentity, path: string, signal: AbortSignal): Promise<void> {
    const { name, incarnation } = this.#kernel.ports.membership.self;
    const by = { node: name, incarnation };
    await this.#insist(host, LEAVE_MS, signal, (spawn, options) =>
      spawn.ask("disown", { path, by }, options),
    );
  }

  /** Whether that incarnation of a node is down for good. */
  isDown(host: NodeIdentity): boolean {
    return this.#kernel.ports.membership.phaseOf(host) === "down";
  }

  /** A short wait between two tries. */
  async pause(): Promise<void> {
    await new Delay(this.#kernel.wheel, this.#kernel.nowMs(), PAUSE_MS).over;
  }

  /** Asks until there is an answer, or the node is down; each question may be asked any number of times. */
  async #insist<T>(
    host: NodeIdentity,
    limitMs: number,
    signal: AbortSignal | undefined,
    ask: (spawn: ActorRef<SpawnOperations>, options: AskOptions) => Promise<T>,
  ): Promise<Answer<T>> {
    const untilMs = this.#kernel.nowMs() + limitMs;
    let mayHaveRun = false;
    while (!this.isDown(host) && signal?.aborted !== true) {
      const leftMs = untilMs - this.#kernel.nowMs();
      if (leftMs <= 0) break;
      const timeout = Math.min(leftMs, ASK_MS);
      const options = { timeout, ...(signal === undefined ? {} : { signal }) };
      try {
        return { kind: "answered", value: await ask(this.#spawnOn(host), options) };
      } catch (error) {
        const isLost = !(error instanceof TroupeError) || error.outcome !== "never-ran";
        if (!isLost && error.code === "actor.not-found") return { kind: "absent" };
        mayHaveRun ||= isLost;
      }
      await this.pause();
    }
    return { kind: mayHaveRun || signal?.aborted === true ? "unclear" : "unreachable" };
  }

  #spawnOn({ name }: NodeIdentity): ActorRef<SpawnOperations> {
    return this.#kernel.outward.refOf(Spawn, addressOf(name, SPAWN_NAME), undefined);
  }
}
