/**
 * The rivals by name: how each is started, and what it must be said of each.
 */
import type { RateVariant, Setting, VariantSpec } from "../benchmark.ts";
import type { RivalNote } from "../report.ts";
import { startComedy } from "./comedy.ts";
import { startMoleculer } from "./moleculer.ts";
import { startNact } from "./nact.ts";
import type { RivalSystem } from "./rival.ts";
import { startXState } from "./xstate.ts";

/** A rival's traits, as the report tells them. */
export const TRAITS: Readonly<Record<string, Omit<RivalNote, "name" | "version">>> = {
  nact: { mailbox: true, handlers: "serial" },
  xstate: { mailbox: true, handlers: "serial" },
  comedy: { mailbox: false, handlers: "concurrent" },
  moleculer: { mailbox: false, handlers: "concurrent" },
  "@langchain/langgraph": { mailbox: false, handlers: "concurrent" },
};

const STARTS: Readonly<Record<string, (setting: Setting) => Promise<RivalSystem> | RivalSystem>> = {
  nact: startNact,
  xstate: startXState,
  comedy: startComedy,
  moleculer: startMoleculer,
};

/** The rivals that have messages. */
export const MESSAGING: readonly string[] = Object.keys(STARTS);

/** A variant in which a rival does the work that `on` describes. */
export function rivalVariant(
  name: string,
  on: (system: RivalSystem, setting: Setting) => Promise<RateVariant>,
  start: ((setting: Setting) => Promise<RivalSystem> | RivalSystem) | undefined = STARTS[name],
): VariantSpec {
  return {
    rival: name,
    make: async (setting) => {
      if (start === undefined) throw new Error(`no rival ${name}`);
      const system = await start(setting);
      const variant = await on(system, setting);
      return { ...variant, end: () => system.stop() };
    },
  };
}
