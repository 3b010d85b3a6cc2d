/** A cluster of systems in one seeded world, and an actor that is spawned on any of them. */
import {
  type ActorDefinition,
  type Ask,
  actor,
  ask,
  nodeOf,
  type Protocol,
  protocol,
  type Schema,
  type Stream,
  type System,
  spawnable,
  stream,
  type Tell,
  tell,
} from "../../../runtime/index.ts";
import {
  type SeededWorld,
  seededWorld,
  type WorldOptions,
} from "../../../runtime/testing/index.ts";

export type HandOperations = {
  readonly note: Tell<string>;
  readonly fail: Tell<string>;
  readonly quit: Tell<undefined>;
  readonly give: Tell<undefined>;
  readonly seen: Ask<undefined, readonly string[]>;
  /** Where it lives. */
  readonly where: Ask<undefined, string>;
  readonly who: Ask<undefined, string>;
  readonly refuse: Ask<undefined, never>;
  readonly break: Ask<undefined, never>;
  readonly wait: Ask<number, string>;
  readonly count: Stream<number, number, string>;
};

export const Hand: Protocol<HandOperations> = protocol("hand@1", {
  note: tell<string>(),
  fail: tell<string>(),
  quit: tell(),
  give: tell(),
  seen: ask<undefined, readonly string[]>(),
  where: ask<undefined, string>(),
  who: ask<undefined, string>(),
  refuse: ask<undefined, never>(),
  break: ask<undefined, never>(),
  wait: ask<number, string>(),
  count: stream<number, number, string>(),
});

/** What happened to hands, whichever node they lived on. */
export interface Log {
  readonly lines: string[];
}

export interface HandInput {
  readonly name: string;
  /** How many of its first starts fail. */
  readonly failsAtFirst?: number;
}

/** A hand that writes what happens to it into `log`. */
export function handInto(log: Log): ActorDefinition<HandOperations, HandInput> {
  const failed = new Map<string, number>();
  return actor(
    Hand,
    ({ name, failsAtFirst = 0 }: HandInput, ctx) => {
      const before = failed.get(name) ?? 0;
      if (before < failsAtFirst) {
        failed.set(name, before + 1);
        throw new Error("not yet");
      }
      log.lines.push(`${name} starts on ${nodeOf(ctx.self.address)}`);
      ctx.signal.addEventListener("abort", () => log.lines.push(`${name} ends`), { once: true });
      return { notes: [] as string[] };
    },
    {
      note: (ctx, line) => {
        ctx.state.notes.push(line);
      },
      fail: (_ctx, why) => {
        throw new Error(why);
      },
      quit: (ctx) => ctx.stop(),
      give: (ctx) => ctx.fatal("cannot go on"),
      seen: (ctx) => ctx.state.notes,
      where: (ctx) => nodeOf(ctx.self.address),
      who: (ctx) => ctx.sender ?? "outside",
      refuse: (ctx) => ctx.fail("closed", { until: 9 }),
      break: () => {
        throw new Error("broken");
      },
      wait: async (ctx, forMs) => {
        await new Promise<void>((resolve) => ctx.clock.after(forMs, resolve));
        return "waited";
      },
      async *count(_ctx, upTo) {
        for (let n = 1; n <= upTo; n++) yield n;
        return "counted";
      },
    },
  );
}

/** Takes inputs with a name only. */
export const named: Schema<HandInput> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) =>
      typeof value === "object" && value !== null && "name" in value
        ? { value: value as HandInput }
        : { issues: [{ message: "must have a name" }] },
  },
};

export interface Crew {
  readonly world: SeededWorld;
  readonly log: Log;
  readonly hand: ActorDefinition<HandOperations, HandInput>;
  /** The node that supervises; the others only run children. */
  readonly home: System;
  /** Joins, or joins again. */
  join(name: string, roles?: readonly string[]): System;
}

/** A world with a home and two nodes of role `crew`, unless others are named. */
export function crew(
  seed: number,
  nodes: readonly string[] = ["n1", "n2"],
  options: Omit<WorldOptions, "seed"> = {},
): Crew {
  const world = seededWorld({ ...options, seed });
  const log: Log = { lines: [] };
  const hand = handInto(log);
  const join = (name: string, roles: readonly string[] = ["crew"]): System =>
    world.system(name, { roles, actors: [spawnable(hand, { input: named })] });
  const home = join("home", []);
  for (const name of nodes) join(name);
  return { world, log, hand, home, join };
}
