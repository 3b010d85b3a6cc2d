import type { Test } from "tap";
import { createSystem, type SystemOptions } from "../../runtime/index.ts";
import { silentLog } from "../../runtime/log.ts";
import type { System } from "../../runtime/system.ts";

/** A system over ports in memory, shut down with its test. */
export function memorySystem(t: Test, options: SystemOptions = {}): System {
  const system = createSystem({ node: "n1", log: silentLog, ...options });
  // The process's timers do not keep it alive, and a test may wait for nothing else.
  const release = system.ports.clock.keepAlive?.();
  t.teardown(async () => {
    await system.shutdown();
    release?.();
  });
  return system;
}

/** Resolves once `holds`, looking every few milliseconds; rejects after `deadlineMs`. */
export async function until(
  system: System,
  what: string,
  holds: () => boolean | Promise<boolean>,
  deadlineMs = 5_000,
): Promise<void> {
  const { clock } = system.ports;
  const startedMs = clock.monotonicMs();
  while (!(await holds())) {
    if (clock.monotonicMs() - startedMs > deadlineMs) throw new Error(`never: ${what}`);
    await new Promise<void>((resolve) => {
      clock.after(5, resolve);
    });
  }
}
