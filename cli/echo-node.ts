/** The module that load is put on when none is named: an actor that sends back what it gets. */
import { actor, ask, type ChildSpec, child, protocol } from "../runtime/index.ts";

/** Sends back what it gets. */
export const Echo = protocol("echo@1", { echo: ask<unknown, unknown>() });

const echo = actor(Echo, () => undefined, { echo: (_ctx, payload) => payload });

/** One echo a node. */
export const children: readonly ChildSpec[] = [child(echo, { name: "echo" })];
