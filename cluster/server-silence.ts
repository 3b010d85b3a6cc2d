/**
 * When the silence of JetStream is a reason to look for another server: pure.
 *
 * Owns: what counts as silence, how much of it, and the pauses between looks. Looking and going are
 * `server-change.ts`.
 *
 * Q1: an answer of any kind, a refusal too, ends the silence; that JetStream has no leader is none: a server
 *     that is cut off from the others says so itself.
 * Q2: {@link MOST_SILENT} requests in a row without an answer are a reason to look, not to go: in an
 *     election of a healthy cluster, which takes 4 to 9 s, requests go unanswered too, on every server.
 */
import { errors, type Msg } from "nats";

/** What became of a request. */
export type RequestOutcome = "answered" | "silent" | "unknown";

/** How many requests in a row may go unanswered before another server is looked for. */
export const MOST_SILENT = 2;

const FIRST_PAUSE_MS = 1_000;
const MOST_PAUSE_MS = 4_000;
/** "JetStream system temporarily unavailable", said by a server that knows of no leader. */
const NO_LEADER = '"err_code":10008';
/** Such an answer is short; a longer one is not searched. */
const MOST_REFUSAL_BYTES = 1_024;

/** What an answer says about the server. */
export function outcomeOf({ data }: Pick<Msg, "data">): RequestOutcome {
  if (data.length > MOST_REFUSAL_BYTES) return "answered";
  return Buffer.from(data.buffer, data.byteOffset, data.length).includes(NO_LEADER)
    ? "silent"
    : "answered";
}

/** What a failure says about the server: a connection that broke says nothing about the next one. */
export function outcomeOfFailure(thrown: unknown): RequestOutcome {
  if (thrown instanceof errors.TimeoutError) return "silent";
  if (thrown instanceof errors.RequestError && thrown.isNoResponders()) return "silent";
  return "unknown";
}

/** How many unanswered requests there are in a row after one more outcome. */
export function silenceAfter(silent: number, outcome: RequestOutcome): number {
  switch (outcome) {
    case "answered":
      return 0;
    case "silent":
      return silent + 1;
    case "unknown":
      return silent;
  }
}

/** How long to wait after so many looks, 0 or more, that found no better server. */
export function pauseAfter(looks: number): number {
  return Math.min(MOST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** looks);
}
