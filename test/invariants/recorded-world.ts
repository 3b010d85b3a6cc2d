/** A small cluster in a seeded world whose messages, asks, tasks and virtual actors are told. */
import {
  type Ask,
  actor,
  ask,
  type Protocol,
  protocol,
  type System,
  type Tell,
  tell,
  virtual,
} from "../../runtime/index.ts";
import type { SeededWorld } from "../../runtime/testing/index.ts";
import { Line } from "./line.ts";
import { makerName } from "./no-zombie-result.ts";
import type { HistoryRecord, Mark } from "./record.ts";
import { recordedBucket } from "./recorded-bucket.ts";
import { recordedTasks } from "./recorded-tasks.ts";
import { WorldRecords } from "./world-records.ts";

interface Marked {
  readonly mark: Mark;
}

const Account: Protocol<{
  put: Tell<Marked>;
  sum: Ask<Marked, { readonly answers: string; readonly puts: number }>;
}> = protocol("account@1", {
  put: tell<Marked>(),
  sum: ask<Marked, { readonly answers: string; readonly puts: number }>(),
});

const CAPABILITY = "honey@1";
const ASK_MS = 2_000;

/** See the file's header. */
export class RecordedWorld {
  readonly records: HistoryRecord[] = [];
  readonly world: SeededWorld;
  readonly of: WorldRecords;
  readonly #lines = new Map<string, Line>();
  readonly #tasks: string[] = [];

  constructor(world: SeededWorld) {
    this.world = world;
    this.of = new WorldRecords(world, (record) => this.records.push(record));
  }

  /** A node that runs accounts and does tasks. */
  join(name: string): System {
    const { of } = this;
    let own: System | undefined;
    const recorder = () => of.recorder(own);
    const account = actor(
      Account,
      (_input: undefined, ctx) => ({ start: recorder().started(ctx), puts: 0 }),
      {
        put: (ctx, { mark }) => {
          recorder().received(ctx, ctx.state.start, mark);
          ctx.state.puts++;
        },
        sum: (ctx, { mark }) => {
          recorder().received(ctx, ctx.state.start, mark);
          return { ...recorder().answer(mark), puts: ctx.state.puts };
        },
      },
    );
    const system = this.world.system(name, { actors: [virtual(account)] });
    own = system;
    recorder().followLetters(system);
    const { clock, tasks } = system.ports;
    const life = recorder().life;
    tasks.work(
      CAPABILITY,
      async ({ attempt }) => {
        await new Promise<void>((resolve) => clock.after(300, resolve));
        return { maker: makerName(name, life, attempt) };
      },
      { concurrency: 2 },
    );
    return system;
  }

  /** A node tells a key something. */
  put(name: string, key: string): void {
    const ref = this.world.system(name).actorOf(Account, key);
    this.#line(name, key).tell((mark) => ref.tell("put", { mark }));
  }

  /** A node asks a key something; the answer is told, and is not waited for. */
  ask(name: string, key: string): Promise<unknown> {
    const ref = this.world.system(name).actorOf(Account, key);
    const asked = this.#line(name, key).ask(ASK_MS, (mark) =>
      ref.ask("sum", { mark }, { timeout: ASK_MS }),
    );
    return asked.catch(() => undefined);
  }

  /** A node submits a task, once; whether it was taken is told. */
  async submit(name: string, id: string): Promise<void> {
    const system = this.world.system(name);
    const tasks = recordedTasks(system.ports.tasks, this.of.recorder(system));
    this.#tasks.push(id);
    const request = { id, capability: CAPABILITY, input: 0, maxAttempts: 50 };
    await tasks.submit(request).catch(() => undefined);
  }

  /** Looks every task up, by a node. */
  async lookUp(name: string): Promise<void> {
    const system = this.world.system(name);
    const tasks = recordedTasks(system.ports.tasks, this.of.recorder(system));
    for (const id of this.#tasks) await tasks.outcomeOf(id);
  }

  /** A node adds to a key of a bucket by compare-and-set, once. */
  async add(name: string, key: string): Promise<void> {
    const system = this.world.system(name);
    try {
      const opened = await system.ports.keyValues.open("sums");
      const bucket = recordedBucket(opened, this.of.recorder(system));
      const entry = await bucket.get(key);
      await bucket.update(key, Number(entry?.value ?? 0) + 1, entry?.revision ?? 0);
    } catch {
      // The store was away: what became of it is told as unknown.
    }
  }

  #line(name: string, key: string): Line {
    const recorder = this.of.recorder(this.world.system(name));
    const pair = `${recorder.name} ${key}`;
    const known = this.#lines.get(pair);
    if (known !== undefined) return known;
    const line = new Line(recorder, { from: "guest", to: `account/${key}` });
    this.#lines.set(pair, line);
    return line;
  }
}
