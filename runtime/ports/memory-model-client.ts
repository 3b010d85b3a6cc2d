/**
 * Models that say what a script says: the model client's in-memory twin. Not an LLM.
 *
 * Owns: answers token by token on the clock, and the ways in which endpoints fail. L1–L3 of
 * `model-client.ts` hold.
 *
 * I1: the n-th call of a model gets the n-th answer of its script, whoever calls, on whichever node.
 * I2: every call is recorded, also one that was refused, with how it ended.
 */
import { TroupeError } from "../troupe-error.ts";
import type { Clock } from "./clock.ts";
import { happens } from "./faults.ts";
import type {
  ModelClient,
  ModelClients,
  ModelIdentity,
  ModelRequest,
  ModelUsage,
} from "./model-client.ts";
import { type Random, seededRandom } from "./random.ts";

/** What can go wrong with any call; all off at first, changed by tests while models are used. */
export interface MemoryModelFaults {
  /** The share of calls that are refused with `model.overloaded`, 0..1. */
  refusedShare: number;
  /** The share of calls that break with `model.failed` after some of their tokens, 0..1. */
  brokenShare: number;
  /** The share of calls that stop after some of their tokens and never go on, 0..1. */
  hangingShare: number;
  /** How many times slower all tokens come; 1 is off. */
  slowness: number;
}

/** The faults of models at first: all off. */
export function noModelFaults(): MemoryModelFaults {
  return { refusedShare: 0, brokenShare: 0, hangingShare: 0, slowness: 1 };
}

/** One answer of a script. */
export interface ScriptedAnswer {
  /** Its tokens; a string is cut after each run of spaces. */
  readonly text: string | readonly string[];
  /** Until the first token; default 0. */
  readonly firstTokenMs?: number;
  /** Between two tokens; default 0. */
  readonly tokenMs?: number;
  /** Fails at once with this code. */
  readonly refuses?: "model.unavailable" | "model.overloaded" | "model.failed";
  /** Fails with `model.failed` after so many tokens. */
  readonly breaksAfter?: number;
  /** Says nothing more after so many tokens, until it is aborted. */
  readonly hangsAfter?: number;
}

/**
 * What a model answers: the same each time, one answer after the other (then `model.failed`), or
 * what a function of the request and the number of the call, from 1, returns.
 */
export type ModelScript =
  | string
  | ScriptedAnswer
  | readonly (string | ScriptedAnswer)[]
  | ((request: ModelRequest, call: number) => string | ScriptedAnswer);

/** A call as it was made. */
export interface ScriptedCall {
  readonly model: string;
  readonly request: ModelRequest;
  /** How it ended; `left` = its reader went before the end. */
  readonly outcome: "under-way" | "ok" | "refused" | "failed" | "cancelled" | "left";
  /** Tokens that were read. */
  readonly tokens: number;
}

/** Options of {@link MemoryModels}. */
export interface MemoryModelsOptions {
  /** By name; the first is `auto`. */
  readonly models: Readonly<Record<string, ModelScript>>;
  /** Decides what goes wrong; default one that draws the same each time. */
  readonly random?: Random;
  /** Shared with its owner, who may change them. */
  readonly faults?: MemoryModelFaults;
}

/** Scripted models, shared by the nodes that call them. */
export class MemoryModels {
  readonly faults: MemoryModelFaults;
  readonly #random: Random;
  readonly #scripts: ReadonlyMap<string, ModelScript>;
  readonly #counts = new Map<string, number>();
  readonly #calls: Recorded[] = [];

  constructor(options: MemoryModelsOptions) {
    this.faults = options.faults ?? noModelFaults();
    this.#random = options.random ?? seededRandom(0);
    this.#scripts = new Map(Object.entries(options.models));
  }

  /** All calls so far, oldest first. */
  get calls(): readonly ScriptedCall[] {
    return this.#calls;
  }

  /** The models, with their tokens coming by `clock`. */
  clients(clock: Clock): ModelClients {
    return {
      client: (name) => {
        const [first] = this.#scripts.keys();
        const known = name === "auto" ? first : name;
        const script = known === undefined ? undefined : this.#scripts.get(known);
        if (known === undefined || script === undefined)
          throw new TroupeError("model.unknown", `no script for the model ${name}`);
        return this.#client(known, script, clock);
      },
    };
  }

  #client(name: string, script: ModelScript, clock: Clock): ModelClient {
    const identity: ModelIdentity = { kind: "scripted", name };
    return {
      identity,
      generate: (request, signal) => {
        const call = (this.#counts.get(name) ?? 0) + 1;
        this.#counts.set(name, call);
        const recorded: Recorded = { model: name, request, outcome: "under-way", tokens: 0 };
        this.#calls.push(recorded);
        const answer = this.#withFaults(answerOf(script, request, call));
        return generated(answer, { recorded, signal, clock });
      },
    };
  }

  #withFaults(answer: Answer): Answer {
    const { refusedShare, brokenShare, hangingShare, slowness } = this.faults;
    const slow = {
      ...answer,
      firstTokenMs: answer.firstTokenMs * slowness,
      tokenMs: answer.tokenMs * slowness,
    };
    const some = () => this.#random.int(answer.tokens.length + 1);
    if (happens(this.#random, refusedShare)) return { ...slow, refuses: "model.overloaded" };
    if (happens(this.#random, brokenShare)) return { ...slow, breaksAfter: some() };
    if (happens(this.#random, hangingShare)) return { ...slow, hangsAfter: some() };
    return slow;
  }
}

type Recorded = { -readonly [K in keyof ScriptedCall]: ScriptedCall[K] };

interface Answer {
  readonly tokens: readonly string[];
  readonly firstTokenMs: number;
  readonly tokenMs: number;
  readonly refuses?: ScriptedAnswer["refuses"];
  readonly breaksAfter: number;
  readonly hangsAfter: number;
}

function answerOf(script: ModelScript, request: ModelRequest, call: number): Answer {
  const scripted = scriptedFor(script, request, call);
  if (scripted === undefined) return answerOf({ text: "", refuses: "model.failed" }, request, call);
  const answer = typeof scripted === "string" ? { text: scripted } : scripted;
  const { text, firstTokenMs = 0, tokenMs = 0, refuses } = answer;
  return {
    tokens: typeof text === "string" ? tokensOf(text) : text,
    firstTokenMs,
    tokenMs,
    breaksAfter: answer.breaksAfter ?? Infinity,
    hangsAfter: answer.hangsAfter ?? Infinity,
    ...(refuses === undefined ? {} : { refuses }),
  };
}

function scriptedFor(
  script: ModelScript,
  request: ModelRequest,
  call: number,
): string | ScriptedAnswer | undefined {
  if (typeof script === "function") return script(request, call);
  return isList(script) ? script[call - 1] : script;
}

function isList(script: ModelScript): script is readonly (string | ScriptedAnswer)[] {
  return Array.isArray(script);
}

function tokensOf(text: string): readonly string[] {
  return text.match(/\S+\s*|^\s+/g) ?? [];
}

/** One call (L1–L3). */
async function* generated(
  answer: Answer,
  call: { readonly recorded: Recorded; readonly signal: AbortSignal; readonly clock: Clock },
): AsyncGenerator<string, ModelUsage> {
  const { recorded, signal, clock } = call;
  const { request } = recorded;
  const most = request.maxOutputTokens ?? Infinity;
  try {
    if (answer.refuses !== undefined) {
      recorded.outcome = "refused";
      throw new TroupeError(answer.refuses, `the script of ${recorded.model} refuses`);
    }
    const end = Math.min(answer.tokens.length, most);
    for (let at = 0; ; at++) {
      if (at >= answer.hangsAfter) await pause(clock, Infinity, signal);
      if (at >= answer.breaksAfter) {
        throw new TroupeError("model.failed", `the script of ${recorded.model} breaks`);
      }
      if (at >= end) break;
      await pause(clock, at === 0 ? answer.firstTokenMs : answer.tokenMs, signal);
      recorded.tokens++;
      yield answer.tokens[at] ?? "";
    }
    recorded.outcome = "ok";
    const inputTokens = tokensOf(`${request.system ?? ""} ${request.prompt}`.trim()).length;
    const finish = answer.tokens.length > most ? "length" : "stop";
    return { inputTokens, outputTokens: recorded.tokens, finish };
  } catch (error) {
    if (recorded.outcome === "under-way") {
      recorded.outcome = signal.aborted ? "cancelled" : "failed";
    }
    throw error;
  } finally {
    if (recorded.outcome === "under-way") recorded.outcome = "left";
  }
}

/** Waits on the clock; rejects when `signal` aborts. */
function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  const cancelled = () => new TroupeError("ask.cancelled", "the call was aborted");
  if (signal.aborted) return Promise.reject(cancelled());
  if (ms <= 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const abort = () => {
      cancel();
      reject(cancelled());
    };
    const cancel =
      ms === Infinity
        ? () => {}
        : clock.after(ms, () => {
            signal.removeEventListener("abort", abort);
            resolve();
          });
    signal.addEventListener("abort", abort);
  });
}
