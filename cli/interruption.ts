/**
 * What the first Ctrl-C or SIGTERM does to a command that has something to end; the second is the
 * platform's own.
 */
import { Interrupted } from "./exit-code.ts";

const INTERRUPTIONS = ["SIGINT", "SIGTERM"] as const;

/**
 * Aborted by the first interruption, with an {@link Interrupted} as its reason, so that the command can
 * end what it started. The second one ends this process at once, and what it started follows by itself.
 *
 * @param doing - what the first one does, as it is told to the user
 */
export function interruptible(say: (line: string) => void, doing: string): AbortSignal {
  const interruption = new AbortController();
  const interrupt = (signal: NodeJS.Signals): void => {
    for (const each of INTERRUPTIONS) process.off(each, interrupt);
    say(`${signal}: ${doing}; once more ends this at once`);
    interruption.abort(new Interrupted(signal));
  };
  for (const each of INTERRUPTIONS) process.on(each, interrupt);
  return interruption.signal;
}
