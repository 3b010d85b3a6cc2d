/**
 * Whether a message of another node may run, as far as its signature says.
 *
 * Owns: when a signature is needed, the count and the log line of what is refused, and that a verdict
 * which must first read a key holds up what came after it.
 *
 * K1: a signed operation runs only with a signature that counts; others need none, and bear none.
 * K2: what one node sent stays in order while a key is read; at most {@link MOST_HELD} wait for it, and
 *     past that, or when it cannot be had, the verdict falls without it.
 *
 * Cost: for what is not signed, two comparisons.
 */
import type { OperationHandler } from "../kernel/behavior.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { SignatureFault } from "../ports/signatures.ts";
import type { Envelope } from "./envelope.ts";

const MOST_HELD = 1_024;

/** Checks signatures on arrival. */
export class SignatureCheck {
  readonly #kernel: Kernel;
  readonly #deliver: (from: string, envelope: Envelope) => void;
  /** By node, what waits for its key. */
  readonly #held = new Map<string, Envelope[]>();
  #refused = 0;

  /** @param deliver - takes what need not wait any longer */
  constructor(kernel: Kernel, deliver: (from: string, envelope: Envelope) => void) {
    this.#kernel = kernel;
    this.#deliver = deliver;
  }

  /** How many messages were refused. */
  get refused(): number {
    return this.#refused;
  }

  /** Whether an envelope was put aside, to be delivered in its turn. */
  holds(from: string, envelope: Envelope): boolean {
    if (this.#held.size > 0) {
      const held = this.#held.get(from);
      if (held !== undefined) {
        held.push(envelope);
        if (held.length > MOST_HELD) this.#release(from, held);
        return true;
      }
    }
    const { signature } = envelope;
    if (signature === undefined) return false;
    const { signatures } = this.#kernel.ports;
    if (signatures === undefined || signatures.isReady(from, signature)) return false;
    const held = [envelope];
    this.#held.set(from, held);
    void signatures.prepare(from, signature).finally(() => this.#release(from, held));
    return true;
  }

  /** Why a message may not run; counted and logged. */
  faultOf(from: string, envelope: Envelope, handler: OperationHandler): SignatureFault | undefined {
    if (!handler.isSigned) return undefined;
    const { signatures } = this.#kernel.ports;
    if (signatures === undefined) return undefined;
    const fault = signatures.faultOf(from, envelope);
    if (fault === undefined) return undefined;
    this.#refused++;
    const { type, to } = envelope;
    const fields = { from, to, type, fault };
    // Many of one fault must not hide another.
    const refusal = "refused a message whose signature does not count";
    this.#kernel.pacedLog.warn(fields, refusal, `${refusal}: ${fault}`);
    return fault;
  }

  /** Whether what is published may run: nobody signs what is for everybody. */
  mayPublish(from: string, { isSigned, type }: OperationHandler): boolean {
    const { node, ports, pacedLog } = this.#kernel;
    if (!isSigned || from === node || ports.signatures === undefined) return true;
    this.#refused++;
    pacedLog.warn({ from, type }, "refused a published message of a signed operation");
    return false;
  }

  #release(from: string, held: readonly Envelope[]): void {
    if (this.#held.get(from) !== held) return;
    this.#held.delete(from);
    for (const envelope of held) this.#deliver(from, envelope);
  }
}
