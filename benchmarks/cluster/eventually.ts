/** Waiting for what other processes bring about: asking every few milliseconds, and not for ever. */
import { setTimeout as delay } from "node:timers/promises";

const POLL_MS = 2;
const PATIENCE_MS = 60_000;

/** Resolves once `check` holds; rejects after a minute, naming what was waited for. */
export async function eventually(
  what: string,
  check: () => boolean | Promise<boolean>,
): Promise<void> {
  const untilMs = performance.now() + PATIENCE_MS;
  while (!(await check())) {
    if (performance.now() > untilMs) throw new Error(`not within ${PATIENCE_MS} ms: ${what}`);
    await delay(POLL_MS);
  }
}
