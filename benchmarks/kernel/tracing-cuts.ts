/**
 * Where messages are traced in the kernel, to be cut out for comparison.
 *
 * Each place must be there exactly once in the built file: when the kernel changes, this list does.
 */
import type { Rewrite } from "../benchmark.ts";

/** The kernel without tracing of messages. */
export const tracingCuts: readonly Rewrite[] = [
  {
    file: "runtime/kernel/local-call.js",
    find: "const span = kernel.spanUnder(sender?.message);",
    replace: "const span = undefined;",
  },
  {
    file: "runtime/kernel/local-call.js",
    find: "const span = cell.kernel.spanUnder(sender?.message);",
    replace: "const span = undefined;",
  },
  {
    file: "runtime/kernel/cell.js",
    find: "if (message.span !== undefined)\n            message.span.receivedAtMs = this.kernel.ports.clock.nowMs();",
    replace: "",
  },
  {
    file: "runtime/kernel/cell.js",
    find: "if (reply !== undefined || message.span !== undefined)",
    replace: "if (reply !== undefined)",
  },
  { file: "runtime/kernel/message.js", find: "    span;\n", replace: "" },
  { file: "runtime/kernel/message.js", find: "        this.span = span;\n", replace: "" },
];
