/**
 * Triggers: which entries activate which knowledge sources.
 *
 * Owns: the conditions, as data so that a source on another node can declare them, and the index that
 * finds the triggers of an entry without trying all of them.
 *
 * T1: an entry triggers a source at most once per version: once in all (`on: "entry"`), or once per
 *     change of it (`on: "change"`).
 * T2: a source is not triggered by what it said itself.
 *
 * Cost: compiling is O(triggers); matching is O(triggers of the entry's level).
 */
import type { Entry } from "./entry.ts";
import type { KnowledgeSource } from "./knowledge-source.ts";

/** Something that must hold for an entry. */
export type Condition =
  | { readonly kind: "confidence-below"; readonly confidence: number }
  | { readonly kind: "confidence-from"; readonly confidence: number }
  | { readonly kind: "author"; readonly author: string }
  /** A field of the entry's value, by a path of names joined by dots. */
  | {
      readonly kind: "field";
      readonly path: string;
      readonly equals: string | number | boolean | null;
    };

/** What activates a source. */
export interface Trigger {
  readonly level: string;
  /** All must hold; default none. */
  readonly when?: readonly Condition[];
  /** Once per entry (default), or at each change of it. */
  readonly on?: "entry" | "change";
  /** What an activation may be worth, 0..1; default 1. */
  readonly benefit?: number;
}

/** A trigger that an entry fulfils. */
export interface Match {
  readonly source: KnowledgeSource;
  /** The entry's version that it reacts to: 0 = whichever. */
  readonly version: number;
  /** The trigger's benefit. */
  readonly benefit: number;
}

/** Finds the triggers that an entry fulfils. */
export interface TriggerIndex {
  /** At most one match per source: that of its first trigger that holds. */
  matches(entry: Entry): readonly Match[];
}

interface Compiled {
  readonly source: KnowledgeSource;
  readonly trigger: Trigger;
  readonly holds: readonly ((entry: Entry) => boolean)[];
}

/** Compiles the triggers of sources to an index by level. */
export function compileTriggers(sources: Iterable<KnowledgeSource>): TriggerIndex {
  const byLevel = new Map<string, Compiled[]>();
  for (const source of sources) {
    for (const trigger of source.triggers) {
      const compiled = { source, trigger, holds: (trigger.when ?? []).map(compileCondition) };
      const list = byLevel.get(trigger.level);
      if (list === undefined) byLevel.set(trigger.level, [compiled]);
      else list.push(compiled);
    }
  }
  return { matches: (entry) => matchesIn(byLevel.get(entry.level) ?? [], entry) };
}

function matchesIn(triggers: readonly Compiled[], entry: Entry): readonly Match[] {
  const matches: Match[] = [];
  if (entry.phase === "retracted") return matches;
  for (const { source, trigger, holds } of triggers) {
    // T2: also when it merely spoke for it, or two sources could call each other for ever.
    if (entry.supporters.includes(source.name) || entry.opponents.includes(source.name)) continue;
    if (matches.some((match) => match.source === source)) continue;
    if (!holds.every((test) => test(entry))) continue;
    const version = trigger.on === "change" ? entry.contributions : 0;
    matches.push({ source, version, benefit: trigger.benefit ?? 1 });
  }
  return matches;
}

function compileCondition(condition: Condition): (entry: Entry) => boolean {
  switch (condition.kind) {
    case "confidence-below":
      return (entry) => entry.confidence < condition.confidence;
    case "confidence-from":
      return (entry) => entry.confidence >= condition.confidence;
    case "author":
      return (entry) => entry.author === condition.author;
    case "field": {
      const path = condition.path.split(".");
      return (entry) => fieldAt(entry.value, path) === condition.equals;
    }
  }
}

function fieldAt(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const name of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[name];
  }
  return at;
}
