/**
 * Who sends: the actor that a reference is bound to, or else the one whose handler runs.
 *
 * I1: a generation that is gone sends nothing (S8); its attempts are counted.
 */
import type { Context } from "./context.ts";
import type { Kernel } from "./kernel.ts";

/** Who sends through a reference owned by `owner`. */
export function senderOn(kernel: Kernel, owner: Context | undefined): Context | undefined {
  return owner === undefined ? kernel.current : owner;
}

/** Whether a generation that is gone tries to send; counted. */
export function isFenced(kernel: Kernel, sender: Context | undefined): boolean {
  if (sender === undefined || sender.isCurrent) return false;
  kernel.fenced++;
  return true;
}
