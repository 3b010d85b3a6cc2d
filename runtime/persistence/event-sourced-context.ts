/**
 * What a handler of an event-sourced actor may do: what any may, and persist events.
 *
 * C1: the state changes through events alone; setting it is a mistake.
 * C2: everything else is the actor's own context, which keeps its identity and its fence.
 */
import type { ActorContext } from "../actor.ts";
import type { AnyContext } from "../kernel/behavior.ts";
import type { Operations } from "../protocol.ts";

/** The context of an event-sourced actor's handlers. */
export interface EventSourcedContext<O extends Operations, S, I, E>
  extends Omit<ActorContext<O, S, I>, "state"> {
  /** What the events so far come to, those of this handler included. Not to be changed. */
  readonly state: S;
  /** Applies events to the state; they are stored, all or none, before the handler's answer leaves. */
  persist(...events: readonly E[]): void;
}

/** A context with `persist`. */
export function withPersist(ctx: AnyContext, persist: (...events: unknown[]) => void): AnyContext {
  // The context's own members are private to it: they are read off it, never off the proxy.
  return new Proxy(ctx, {
    get: (target, key) => {
      if (key === "persist") return persist;
      const member: unknown = Reflect.get(target, key, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
    set: (target, key, value) => {
      if (key === "state")
        throw new TypeError("the state of an event-sourced actor changes through ctx.persist");
      return Reflect.set(target, key, value, target);
    },
  });
}
