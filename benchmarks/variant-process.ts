/**
 * The process of one variant: makes it, warms it up, and runs it whenever the harness says so.
 *
 * A variant has a process of its own because what runs beside it changes it: the compiler's
 * knowledge of shared functions (one rival's promises make another's slower), the heap's size, and
 * globals that a package replaces (comedy brings a polyfill of half the language). While one runs
 * all others wait for their next message and use no processor.
 *
 * V1: it ends when the harness is gone, or says so.
 * V2: nothing goes to standard output: that is the report's.
 */
import type { Setting, Variant } from "./benchmark.ts";
import { calibrated, type Pace, rateOf } from "./calibration.ts";
import { suiteOf } from "./suites.ts";

/** What the harness asks for. */
export type Order =
  | {
      readonly type: "make";
      readonly suite: string;
      readonly benchmark: string;
      readonly variant: string;
      readonly setting: Setting;
    }
  | { readonly type: "run" }
  | { readonly type: "end" };

/** What it is told. */
export type Answer =
  | { readonly type: "done"; readonly value: number }
  | { readonly type: "failed"; readonly message: string };

const PACE: Pace = { runMs: 200, warmMs: 600 };
const QUICK_PACE: Pace = { runMs: 50, warmMs: 200 };

let variant: Variant | undefined;
let count = 0;

process.on("message", (order: Order) => {
  obey(order).then(
    (value) => answer({ type: "done", value }),
    (error: unknown) => answer({ type: "failed", message: lineOf(error) }),
  );
});
process.on("disconnect", () => process.exit(0));

async function obey(order: Order): Promise<number> {
  switch (order.type) {
    case "make":
      return make(order);
    case "run":
      if (variant === undefined) throw new Error("there is no variant yet");
      return variant.kind === "rate" ? rateOf(variant, count) : variant.measure();
    case "end":
      await variant?.end?.();
      return 0;
  }
}

async function make(order: Extract<Order, { type: "make" }>): Promise<number> {
  const suite = await suiteOf(order.suite);
  const benchmark = suite?.benchmarks.find(({ name }) => name === order.benchmark);
  const spec = benchmark?.variants[order.variant];
  if (spec === undefined) throw new Error(`no variant ${order.variant} of ${order.benchmark}`);
  variant = await spec.make(order.setting);
  if (variant.kind === "rate") {
    const pace = order.setting.quick ? QUICK_PACE : PACE;
    count = await calibrated(variant, { ...pace, ...variant.pace });
  }
  return count;
}

function answer(what: Answer): void {
  process.send?.(what);
}

function lineOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
