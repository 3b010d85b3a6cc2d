/**
 * Live progress: one line that is rewritten on a terminal, plain lines now and then elsewhere.
 *
 * Owns: how often and how. It goes to standard error; standard output belongs to the result.
 */
import { createLogUpdate } from "log-update";
import type { Clock } from "../../runtime/index.ts";

/** Where progress is told. */
export interface Progress {
  /** So much of a stage is done. */
  report(stage: string, done: number, total: number): void;
  /** Something worth a line of its own. */
  say(line: string): void;
  /** Leaves the last line as it stands. */
  done(): void;
}

const PLAIN_EVERY_MS = 1_000;
const BAR = 30;

/** Progress on a terminal. */
export function liveProgress(stream: NodeJS.WriteStream): Progress {
  const update = createLogUpdate(stream);
  return {
    report: (stage, done, total) => update(bar(stage, done, total)),
    say: (line) => {
      update.clear();
      stream.write(`${line}\n`);
    },
    done: () => update.done(),
  };
}

/** Progress for pipes and logs: at most one line a second and stage, and one at its end. */
export function plainProgress(write: (line: string) => void, clock: Clock): Progress {
  let stage = "";
  let toldAtMs = Number.NEGATIVE_INFINITY;
  let toldDone = -1;
  return {
    report: (name, done, total) => {
      const nowMs = clock.monotonicMs();
      const isNews = name !== stage || (done === total && toldDone !== done);
      if (!isNews && nowMs - toldAtMs < PLAIN_EVERY_MS) return;
      if (name === stage && done === toldDone) return;
      stage = name;
      toldAtMs = nowMs;
      toldDone = done;
      write(`${name}: ${done} of ${total}`);
    },
    say: write,
    done: () => {},
  };
}

function bar(stage: string, done: number, total: number): string {
  const full = total === 0 ? BAR : Math.round((BAR * done) / total);
  return `${stage.padEnd(20)} ${"█".repeat(full)}${"░".repeat(BAR - full)} ${done} of ${total}`;
}
