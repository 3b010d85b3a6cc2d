/** The errors that an ask or a stream can end with, each said in one place. */
import type { Address } from "../address.ts";
import { errorRecord, messageOf, TroupeError } from "../troupe-error.ts";

/** What an actor throws to refuse a message; only its own `ctx.fail` makes one. */
export class Refusal extends TroupeError {
  constructor(code: string, data: unknown) {
    super("refused", `refused: ${code}`, { outcome: "failed", data: { code, data } });
  }
}

/** What an actor throws to end for good; only its own `ctx.fatal` makes one, and {@link Stale}. */
export class Fatal extends TroupeError {
  constructor(reason: string, code: "actor.fatal" | "state.stale" = "actor.fatal") {
    super(code, reason, { outcome: "failed" });
  }
}

/** The actor's state belongs to another activation by now: nothing was written, and this one ends. */
export class Stale extends Fatal {
  constructor(reason: string) {
    super(reason, "state.stale");
  }
}

/** Whether the state was written is unknown: the actor must read it anew before it goes on. */
export class Unsaved extends TroupeError {
  constructor(reason: string, cause: unknown) {
    super("store.unavailable", reason, { outcome: "unknown", cause });
  }
}

/** The asker's copy of a refusal: thrown on by the asker, it is a failure like any other. */
export function refused(refusal: Refusal): TroupeError {
  return new TroupeError("refused", refusal.message, { outcome: "failed", data: refusal.data });
}

/** The handler threw. The cause is told as code and message; its stack stays home. */
export function handlerFailed(type: string, callee: Address, thrown: unknown): TroupeError {
  if (thrown instanceof Stale || thrown instanceof Unsaved) {
    const { code, message, outcome } = thrown;
    const why = `${callee} did not finish ${type}: ${message}`;
    return new TroupeError(code, why, outcome === undefined ? {} : { outcome });
  }
  const code = thrown instanceof Fatal ? "actor.fatal" : "actor.failed";
  return new TroupeError(code, `${callee} failed in ${type}: ${messageOf(thrown)}`, {
    outcome: "failed",
    data: { cause: errorRecord(thrown) },
  });
}

/** The deadline passed. */
export function timedOut(type: string, callee: Address, neverRan: boolean): TroupeError {
  return neverRan
    ? new TroupeError("ask.expired", `${type} waited at ${callee} past its deadline`, {
        outcome: "never-ran",
      })
    : new TroupeError("ask.timeout", `no answer to ${type} from ${callee} by the deadline`, {
        outcome: "unknown",
      });
}

/** The asker gave up. */
export function cancelled(type: string, callee: Address, neverRan: boolean): TroupeError {
  return new TroupeError("ask.cancelled", `${type} to ${callee} was cancelled by its asker`, {
    outcome: neverRan ? "never-ran" : "unknown",
  });
}

/** The message was not taken in, or was still queued at the end. */
export function neverRan(
  code:
    | "actor.not-found"
    | "actor.no-handler"
    | "actor.stopped"
    | "mailbox.full"
    | "ask.invalid"
    | "ask.undecodable"
    | "payload.too-large"
    | "signature.refused"
    | "store.unavailable",
  message: string,
): TroupeError {
  return new TroupeError(code, message, { outcome: "never-ran" });
}

/** The producer of a stream is gone. `lastSeq` is the last chunk's sequence, 0 when none came. */
export function streamAborted(type: string, why: string, lastSeq: number): TroupeError {
  return new TroupeError("stream.aborted", `${type} broke off after chunk ${lastSeq}: ${why}`, {
    outcome: "unknown",
    data: { lastSeq },
  });
}

/** The first start failed, or never came about. */
export function startFailed(address: Address, cause: unknown): TroupeError {
  const why = cause === undefined ? "it was stopped first" : messageOf(cause);
  return new TroupeError("actor.start-failed", `${address} did not start: ${why}`, {
    outcome: "never-ran",
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The ask would wait for itself: the addresses from the callee back to the callee. */
export function askCycle(path: readonly Address[]): TroupeError {
  return new TroupeError("ask.cycle", `would wait for itself: ${path.join(" → ")}`, {
    outcome: "never-ran",
    data: { path },
  });
}

/** What a handler of a generation that is gone gets for what cannot be refused in silence. */
export function generationEnded(): TroupeError {
  return new TroupeError("actor.stopped", "this generation of the actor has ended");
}
