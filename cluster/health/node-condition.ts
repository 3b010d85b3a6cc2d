/**
 * How a node is, from moment to moment: what probes and operators ask for.
 *
 * Owns: the facts that nobody else keeps, and the verdicts about them. Who answers probes is
 * `health-server.ts`.
 *
 * C1: alive = nothing but a new start would help otherwise: its lease is lost. A loop that is blocked
 *     answers no probe at all.
 * C2: ready = new work may be sent here: it is up, connected, neither draining nor lagging.
 */
import type { MemberPhase, Membership } from "../../runtime/ports/membership.ts";

/** `starting` until it has joined, `draining` from the first call of `stop`. */
export type NodePhase = "starting" | "running" | "draining" | "ended";

/** What is known of a node. */
export interface NodeFacts {
  readonly phase: NodePhase;
  /** Whether its lease stands; `undefined` before it has one. */
  readonly lease: boolean | undefined;
  readonly control: boolean;
  readonly data: boolean;
  /** As the membership has it. */
  readonly member: MemberPhase | undefined;
  readonly lagMs: number;
}

/** What a probe is told. */
export interface Verdict {
  readonly ok: boolean;
  /** Why not; empty when it is. */
  readonly reasons: readonly string[];
}

/** What a node's parts leave for those who ask how it is. */
export class NodeCondition {
  phase: NodePhase = "starting";
  /** Whether the control connection stands. */
  control = false;
  data = false;
  readonly #node: string;
  #lease: { standing(): boolean } | undefined;
  #membership: Membership | undefined;

  constructor(node: string) {
    this.#node = node;
  }

  /** It has joined the cluster. */
  joined(lease: { standing(): boolean }, membership: Membership): void {
    this.#lease = lease;
    this.#membership = membership;
  }

  /** As it is now. */
  facts(): NodeFacts {
    const own = this.#membership?.members().find(({ name }) => name === this.#node);
    return {
      phase: this.phase,
      lease: this.#lease?.standing(),
      control: this.control,
      data: this.data,
      member: own?.phase,
      lagMs: own?.lagMs ?? 0,
    };
  }
}

/** C1. */
export function liveness({ lease, phase }: NodeFacts): Verdict {
  const isOver = phase === "ended";
  const isLost = lease === false && phase === "running";
  return verdict([isOver && "the node has ended", isLost && "its lease is lost"]);
}

/** C2. */
export function readiness(facts: NodeFacts): Verdict {
  const { phase, lease, control, data, member, lagMs } = facts;
  return verdict([
    phase !== "running" && `it is ${phase}`,
    phase === "running" && lease !== true && "its lease is lost",
    phase === "running" && !control && "its control connection is lost",
    phase === "running" && !data && "its data connection is lost",
    member === "degraded" && `its event loop was ${lagMs} ms late`,
  ]);
}

function verdict(reasons: readonly (string | false)[]): Verdict {
  const faults = reasons.filter((reason) => reason !== false);
  return { ok: faults.length === 0, reasons: faults };
}
