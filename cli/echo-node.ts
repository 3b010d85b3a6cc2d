/** The module that load is put on when none is named: an actor that sends back what it gets. */
import {
  type Ask,
  actor,
  ask,
  type ChildSpec,
  child,
  type Protocol,
  protocol,
} from "../runtime/index.ts";

/** Sends back what it gets. */
export const Echo: Protocol<{ readonly echo: Ask<unknown, unknown> }> = protocol("echo@1", {
  echo: ask<unknown, unknown>(),
});

const echo = actor(Echo, () => undefined, { echo: (_ctx, payload) => payload });

/** One echo a node. */
export const children: readonly ChildSpec[] = [child(echo, { name: "echo" })];
