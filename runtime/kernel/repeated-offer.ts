/**
 * An offer to whoever cannot say when there is room: it is made again after a growing pause.
 *
 * Owns: how often and how long. A mailbox of this process says when there is room: `offers.ts`.
 */
import type { AskOptions } from "../actor-ref.ts";
import type { Context } from "./context.ts";
import { Delay } from "./delay.ts";
import type { Kernel } from "./kernel.ts";
import { timeoutMsOf } from "./local-call.ts";
import { isFenced } from "./sender.ts";

const FIRST_PAUSE_MS = 2;
const LAST_PAUSE_MS = 50;

/**
 * Offers until `attempt` says what came of it, or the sender is gone.
 *
 * @param attempt - is told whether the time is up, and then must say; `undefined` asks for another one
 */
export async function repeatedOffer(
  kernel: Kernel,
  sender: Context | undefined,
  options: AskOptions | undefined,
  attempt: (isLast: boolean) => boolean | undefined,
): Promise<boolean> {
  const endMs = kernel.nowMs() + timeoutMsOf(options, sender?.message, kernel.nowMs());
  kernel.replies.opened();
  try {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LAST_PAUSE_MS)) {
      const leftMs = endMs - kernel.nowMs();
      const outcome = attempt(leftMs <= 0 || options?.signal?.aborted === true);
      if (outcome !== undefined) return outcome;
      await new Delay(kernel.wheel, kernel.nowMs(), Math.min(leftMs, pauseMs)).over;
      if (isFenced(kernel, sender)) return false;
    }
  } finally {
    kernel.replies.closed();
  }
}
