/**
 * XState's inspection events as plain data.
 *
 * Owns: their shape, which follows that of Stately's inspector: ids in the place of references.
 *
 * I1: an event that waited for a handler is shown once, when it was sent, with its sender; what was
 *     done with it is shown when it was done.
 */
import type { AnyActorRef, EventObject, InspectionEvent } from "xstate";
import type { Log } from "../log.ts";
import { plainParts } from "../plain-copy.ts";

/** The XState actor that an inspection event is about. */
export interface InspectedActor {
  /** The machine's session. */
  readonly rootId: string;
  /** Its own session: the machine's, or that of an actor below it. */
  readonly sessionId: string;
  /** Its id among its siblings. */
  readonly id: string;
}

/** An XState actor's snapshot, without what is not plain data. */
export interface InspectedState {
  readonly status: string;
  readonly value?: unknown;
  readonly context?: unknown;
  readonly output?: unknown;
  readonly error?: unknown;
  readonly tags?: readonly string[];
}

/** An inspection event of a machine, as plain data. */
export type MachineInspection =
  | (InspectedActor & {
      /** An actor was made. */
      readonly type: "@xstate.actor";
      readonly parentId?: string;
      /** The name of its logic, where it has one. */
      readonly src?: string;
    })
  | (InspectedActor & {
      /** An event was sent. */
      readonly type: "@xstate.event";
      readonly sourceId?: string;
      readonly event: EventObject;
    })
  | (InspectedActor & {
      /** An event was handled (`snapshot`), or a single transition was made (`microstep`). */
      readonly type: "@xstate.snapshot" | "@xstate.microstep" | "@xstate.transition";
      readonly event: EventObject;
      readonly snapshot: InspectedState;
    })
  | (InspectedActor & {
      /** An action was carried out. */
      readonly type: "@xstate.action";
      readonly action: { readonly type: string; readonly params?: unknown };
    });

/** Shows one machine's inspection events. */
export class Inspector {
  readonly #show: (event: MachineInspection) => unknown;
  readonly #log: () => Log;
  #isHolding: boolean = false;
  #isResending: boolean = false;

  /** @param log - where an error of `show` goes; asked for when there is one */
  constructor(show: (event: MachineInspection) => unknown, log: () => Log) {
    this.#show = show;
    this.#log = log;
  }

  /** The machine is given an event that it will take later. */
  holding(): void {
    this.#isHolding = true;
  }

  /** The machine is given an event that it was given before. */
  resending(): void {
    this.#isResending = true;
  }

  /** XState shows something. */
  seen(event: InspectionEvent): void {
    const isOfMachine = (event.actorRef as AnyActorRef)._parent === undefined;
    if (isOfMachine && this.#isHolding && event.type === "@xstate.snapshot") {
      this.#isHolding = false;
      return;
    }
    if (isOfMachine && this.#isResending && event.type === "@xstate.event") {
      this.#isResending = false;
      return;
    }
    try {
      this.#show(inspectionOf(event));
    } catch (error) {
      this.#log().error({ err: error }, "a machine's inspector threw");
    }
  }
}

function inspectionOf(event: InspectionEvent): MachineInspection {
  const actor = event.actorRef as AnyActorRef;
  const of = { rootId: event.rootId, sessionId: actor.sessionId, id: actor.id };
  switch (event.type) {
    case "@xstate.actor": {
      const parentId = actor._parent?.sessionId;
      return {
        type: event.type,
        ...of,
        ...(parentId === undefined ? {} : { parentId }),
        ...(typeof actor.src === "string" ? { src: actor.src } : {}),
      };
    }
    case "@xstate.event": {
      const sourceId = event.sourceRef?.sessionId;
      const sent = plainParts(event.event) as EventObject;
      return {
        type: event.type,
        ...of,
        ...(sourceId === undefined ? {} : { sourceId }),
        event: sent,
      };
    }
    case "@xstate.action":
      return { type: event.type, ...of, action: plainParts(event.action) as { type: string } };
    case "@xstate.snapshot":
    case "@xstate.microstep":
    case "@xstate.transition":
      return {
        type: event.type,
        ...of,
        event: plainParts(event.event) as EventObject,
        snapshot: stateIn(event.snapshot),
      };
  }
}

function stateIn(snapshot: object): InspectedState {
  const { status, value, context, output, error, tags } = snapshot as Readonly<
    Record<string, unknown>
  >;
  const shown = { status, value, context, output, error };
  const state = plainParts(shown) as InspectedState;
  return tags instanceof Set ? { ...state, tags: [...(tags as Set<string>)] } : state;
}
