/** The suites by name; each is loaded when it is asked for. */
import type { Suite } from "./benchmark.ts";

const SUITES: Readonly<Record<string, () => Promise<Suite>>> = {
  kernel: async () => (await import("./kernel/kernel-suite.ts")).kernelSuite,
  cluster: async () => (await import("./cluster/cluster-suite.ts")).clusterSuite,
};

/** The names of all suites. */
export const suiteNames: readonly string[] = Object.keys(SUITES);

/** A suite by name; `undefined` when there is none. */
export async function suiteOf(name: string): Promise<Suite | undefined> {
  return Object.hasOwn(SUITES, name) ? SUITES[name]?.() : undefined;
}
