/**
 * What happened in a seeded world, as bytes that two runs can be compared by.
 *
 * Owns: the canonical text of events. What happened is said where it happens: by the nodes' event
 * feeds, and by the world about its nodes.
 *
 * H1: one line per event, in the order in which they were emitted in the whole world.
 * H2: an event is JSON without spaces, the keys of each object in one fixed order, absent fields
 *     left out: equal events have equal bytes.
 *
 * Cost: O(size) an event. A hash is fed as events come, so that reading it does not read the history.
 */
import { createHash, type Hash } from "node:crypto";
import type { TroupeEvent } from "../event.ts";

/** What befell a node or was noted by a test, beside what the nodes themselves emit. */
export type WorldHappening =
  | { readonly type: "world.joined"; readonly name: string; readonly incarnation: string }
  | { readonly type: "world.crashed"; readonly name: string }
  | { readonly type: "world.paused"; readonly name: string }
  | { readonly type: "world.resumed"; readonly name: string }
  | { readonly type: "world.isolated"; readonly name: string }
  | { readonly type: "world.rejoined"; readonly name: string }
  | { readonly type: "world.fenced"; readonly name: string }
  | { readonly type: "world.cut"; readonly between: readonly [string, string] }
  | { readonly type: "world.healed"; readonly between: readonly [string, string] }
  | { readonly type: "world.leader-lost"; readonly store: string; readonly forMs: number }
  | { readonly type: "world.power-cut"; readonly forMs: number }
  | { readonly type: "world.noted"; readonly text: string; readonly data?: unknown };

/** An event of the history: a node's, or the world's own with `node` = `world`. */
export type WorldEvent =
  | TroupeEvent
  | (WorldHappening & {
      readonly v: 1;
      readonly node: string;
      readonly seq: number;
      readonly atMs: number;
    });

/** A history in the making. */
export class WorldHistory {
  readonly #events: WorldEvent[] = [];
  readonly #lines: string[] = [];
  readonly #hash: Hash = createHash("sha256");

  /** Adds an event at the end. */
  add(event: WorldEvent): void {
    const line = `${canonicalJson(event)}\n`;
    this.#events.push(event);
    this.#lines.push(line);
    this.#hash.update(line);
  }

  get events(): readonly WorldEvent[] {
    return this.#events;
  }

  /** The canonical text, a line feed after each line. */
  text(): string {
    return this.#lines.join("");
  }

  /** The SHA-256 of {@link text}, hexadecimal. */
  hash(): string {
    return this.#hash.copy().digest("hex");
  }
}

/**
 * JSON with the keys of each object sorted (H2).
 *
 * @param value - plain data; what JSON cannot hold is left out or `null`, as `JSON.stringify` does
 */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
    const entries = Object.entries(part);
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** Where two histories part: the first line that differs. `undefined` when they are equal. */
export function divergence(
  a: string,
  b: string,
): { readonly line: number; readonly a: string; readonly b: string } | undefined {
  if (a === b) return undefined;
  const [inA, inB] = [a.split("\n"), b.split("\n")];
  for (let at = 0; ; at++) {
    const [lineA, lineB] = [inA[at] ?? "", inB[at] ?? ""];
    if (lineA !== lineB) return { line: at + 1, a: lineA, b: lineB };
  }
}
