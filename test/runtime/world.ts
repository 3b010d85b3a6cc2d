/** A system on manual time with seeded randomness, and what tests read from it. */
import type { System, SystemOptions, TroupeEvent } from "../../runtime/index.ts";
import { createSystem, EventFeed, seededRandom, silentLog } from "../../runtime/index.ts";
import { ManualClock } from "../../runtime/testing/index.ts";

export interface World {
  readonly clock: ManualClock;
  readonly system: System;
  readonly events: TroupeEvent[];
}

export function world(options: SystemOptions = {}): World {
  const clock = new ManualClock();
  const feed = new EventFeed(options.node ?? "local", clock);
  const events: TroupeEvent[] = [];
  feed.subscribe((event) => events.push(event));
  const system = createSystem({
    clock,
    random: seededRandom(7),
    log: silentLog,
    events: feed,
    ...options,
  });
  return { clock, system, events };
}

/** What a promise rejected with, as data; fails when it does not reject. */
export async function rejection(
  promise: Promise<unknown>,
): Promise<{ readonly code: unknown; readonly outcome: unknown; readonly data: unknown }> {
  try {
    await promise;
  } catch (error) {
    const { code, outcome, data } = error as Record<string, unknown>;
    return { code, outcome, data };
  }
  throw new Error("it did not reject");
}

/** A promise that the test settles. */
export function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}
