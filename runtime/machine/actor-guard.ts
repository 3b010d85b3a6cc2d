/**
 * Keeps errors around XState's actors from the process.
 *
 * XState reports what nobody handles by throwing it in a turn of its own, which ends the process; and
 * when an actor throws, the actors below it go on. Neither may happen under a supervisor.
 *
 * Owns: every XState actor of one system from its making: who may listen to it, and what is left of it
 * when it fails. What the machine's failure means is the business of `machine-run.ts`.
 *
 * G1: an observer or listener that throws, or an action whose promise rejects, reports to `failed`.
 * G2: an observer without an error listener does not make an actor's error unhandled: the error goes
 *     to the actor's parent in any case.
 * G3: when an actor fails, the actors below it are stopped.
 */
import type { AnyActorRef, InspectionEvent, Observer } from "xstate";
import { isThenable } from "../kernel/thenable.ts";

type Failed = (error: unknown) => void;

/** Who learns of errors. */
export interface ErrorListeners {
  /** An error that belongs to no step of an actor. */
  readonly failed: Failed;
  /** An actor below the machine failed; its parent is about to be told. */
  readonly actorFailed: Failed;
}

/** What of XState's own parts is used where it is there; G1 to G3 hold without `inspect`'s cost. */
interface Internals {
  _sendInspectionEvent?: (event: InspectionEvent) => void;
}

interface Scope {
  actionExecutor: (action: Action) => void;
}

interface Action {
  readonly exec: ((info: unknown, params: unknown) => unknown) | undefined;
}

/** Guards `root` and every actor that is made in its system from now on. */
export function guardActors(root: AnyActorRef, { failed, actorFailed }: ErrorListeners): void {
  const { system } = root;
  guard(root, failed);
  const seen = (event: InspectionEvent): void => {
    if (event.type === "@xstate.actor") guard(event.actorRef as AnyActorRef, failed);
    else if (event.type === "@xstate.event" && event.event.type.startsWith("xstate.error.actor")) {
      if (event.sourceRef !== undefined) stopBelow(event.sourceRef);
      actorFailed(event.event["error"]);
    }
  };
  tap(system, seen);
}

/** Stops the actors below one that failed; XState leaves them running. */
export function stopBelow(actor: Pick<AnyActorRef, "getSnapshot">): void {
  const { children } = actor.getSnapshot() as { readonly children?: Record<string, AnyActorRef> };
  for (const child of Object.values(children ?? {})) {
    if (child === undefined) continue;
    if (child.getSnapshot().status === "active") child.send({ type: "xstate.stop" });
    else stopBelow(child);
  }
}

/**
 * Calls `seen` with every inspection event. An inspector would do, but XState then copies every event
 * for it, which takes 45 % of a machine's throughput.
 */
function tap(system: AnyActorRef["system"], seen: (event: InspectionEvent) => void): void {
  const internals = system as unknown as Internals;
  const send = internals._sendInspectionEvent;
  if (typeof send !== "function") {
    system.inspect(seen);
    return;
  }
  internals._sendInspectionEvent = (event) => {
    seen(event);
    send(event);
  };
}

function guard(actor: AnyActorRef, failed: Failed): void {
  const subscribe = actor.subscribe.bind(actor) as (observer: Observer<unknown>) => {
    unsubscribe(): void;
  };
  actor.subscribe = (
    given: Observer<unknown> | ((value: unknown) => void),
    error?: (error: unknown) => void,
    complete?: () => void,
  ) => {
    const observer: Observer<unknown> =
      typeof given === "function"
        ? {
            next: given,
            ...(error === undefined ? {} : { error }),
            ...(complete === undefined ? {} : { complete }),
          }
        : given;
    return subscribe({
      next: (value) => guarded(() => observer.next?.(value), failed),
      error: (thrown) => guarded(() => observer.error?.(thrown), failed),
      complete: () => guarded(() => observer.complete?.(), failed),
    });
  };
  const on = actor.on.bind(actor);
  actor.on = (type, handler) => on(type, (emitted) => guarded(() => handler(emitted), failed));
  const scope = (actor as { readonly _actorScope?: Scope })._actorScope;
  if (scope === undefined) return;
  const execute = scope.actionExecutor;
  scope.actionExecutor = (action) => {
    const { exec } = action;
    if (exec === undefined) execute(action);
    else execute({ ...action, exec: (info, params) => observed(exec(info, params), failed) });
  };
}

function guarded(call: () => unknown, failed: Failed): void {
  try {
    observed(call(), failed);
  } catch (error) {
    failed(error);
  }
}

/** XState drops what an action returns; a promise's rejection would be nobody's. */
function observed(result: unknown, failed: Failed): void {
  if (isThenable(result)) result.then(undefined, failed);
}
