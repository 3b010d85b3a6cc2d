/**
 * Where messages are traced in the kernel, to be cut out for comparison.
 *
 * A tell asks once whether anybody watches, and carries nothing for it; what a watched message does
 * more lies behind that question. Each place must be there exactly once in the built file: when the
 * kernel changes, this list does.
 */
import type { Rewrite } from "../benchmark.ts";

/** The kernel without tracing of messages. */
export const tracingCuts: readonly Rewrite[] = [
  {
    file: "runtime/kernel/local-call.js",
    find: "const watched = kernel.samples ? kernel.watchedTell(owner) : undefined;",
    replace: "const watched = undefined;",
  },
];
