/**
 * Those who wait until a machine is somewhere.
 *
 * Owns: the open asks and what they are answered with. When the machine has moved is the business of
 * `machine-run.ts`; an ask that is open when the generation ends is rejected by the kernel.
 *
 * W1: an ask is answered in the first state, after it came, in which its condition holds.
 */
import type { AnyMachineSnapshot } from "xstate";
import { DeferredReply } from "../deferred-reply.ts";
import { plainParts } from "../plain-copy.ts";

/** A condition as it comes from outside; see `MachineCondition`. */
export interface Condition {
  readonly state?: unknown;
  readonly tag?: unknown;
}

interface Waiter {
  readonly reply: DeferredReply<unknown>;
  readonly holds: (snapshot: AnyMachineSnapshot) => boolean;
  readonly answer: (snapshot: AnyMachineSnapshot) => unknown;
}

/** The open asks of one machine. */
export class MachineWaiters {
  readonly #waiters: Waiter[] = [];

  /** The state once `condition` holds: at once when it does, or else a deferred reply. */
  until(now: AnyMachineSnapshot, { state, tag }: Condition): unknown {
    return this.#wait(
      now,
      (snapshot) =>
        (state === undefined || snapshot.matches(state as never)) &&
        (tag === undefined || snapshot.hasTag(tag as never)),
      stateOf,
    );
  }

  /** The output once the machine is done. */
  output(now: AnyMachineSnapshot): unknown {
    return this.#wait(now, ({ status }) => status === "done", outputOf);
  }

  /** Answers those whose condition holds now, and forgets those who gave up. */
  notify(snapshot: AnyMachineSnapshot): void {
    for (const waiter of this.#waiters.splice(0)) {
      if (waiter.holds(snapshot)) waiter.reply.resolve(waiter.answer(snapshot));
      else if (waiter.reply.isAwaited) this.#waiters.push(waiter);
    }
  }

  #wait(now: AnyMachineSnapshot, holds: Waiter["holds"], answer: Waiter["answer"]): unknown {
    if (holds(now)) return answer(now);
    const reply = new DeferredReply<unknown>();
    this.#waiters.push({ reply, holds, answer });
    return reply;
  }
}

/** Where a machine is, as plain data; see `MachineState`. */
export function stateOf(snapshot: AnyMachineSnapshot): unknown {
  const { value, context, status, tags } = snapshot;
  const state = { value, context: plainParts(context), status, tags: [...tags] };
  return status === "done" ? { ...state, output: outputOf(snapshot) } : state;
}

function outputOf({ output }: AnyMachineSnapshot): unknown {
  return plainParts(output);
}
