/**
 * Virtual actors that keep state, in a world whose nodes crash, freeze and are cut off, over stores and
 * links that do what they like.
 */
import assert from "node:assert/strict";
import t from "tap";
import type { ActorRef } from "../../../runtime/index.ts";
import {
  forSeeds,
  type InitialFaults,
  type SeededWorld,
  seededWorld,
} from "../../../runtime/testing/index.ts";
import { Book, type BookOperations, books, Ledger } from "../../cluster/fixtures/bookkeeping.ts";

const NODES = ["n1", "n2", "n3"];
const KEYS = ["a", "b", "c"];
const KINDS = [Book, Ledger] as const;

const FAULTS: InitialFaults = {
  links: { loss: 0.02, delayMs: [0, 30] },
  members: { delayMs: [0, 200] },
  keyValues: {
    refusedShare: 0.02,
    storedButTimedOutShare: 0.03,
    delayMs: [0, 20],
    staleShare: 0.1,
    silentAfterLossMs: [0, 2_000],
  },
  eventLogs: { refusedShare: 0.02, storedButTimedOutShare: 0.03, delayMs: [0, 20] },
  reminders: { refusedShare: 0.05, storedButTimedOutShare: 0.05, delayMs: [0, 20] },
};

/** What one book was told and has answered. */
interface Account {
  readonly book: ActorRef<BookOperations>;
  readonly answered: string[];
  /** The reminder that was answered for, and later ones that were not: one of them must come. */
  readonly asked: string[];
  isSet: boolean;
}

function accountsOf(world: SeededWorld): readonly Account[] {
  const desk = world.system("desk", { actors: [] });
  return KINDS.flatMap((kind) =>
    KEYS.map((key) => ({ book: desk.actorOf(kind, key), answered: [], asked: [], isSet: false })),
  );
}

/** Writes line after line, and now and then sets a reminder, until told to stop. */
async function keepWriting(world: SeededWorld, account: Account, isOver: () => boolean) {
  for (let n = 0; !isOver(); n++) {
    const line = `line ${n}`;
    try {
      await account.book.ask("write", line, { timeout: "10s" });
      account.answered.push(line);
      if (n % 5 === 0) {
        const at = world.clock.nowMs() + 2_000 + n;
        account.asked.push(`due ${at}`);
        await account.book.ask("remindAt", at, { timeout: "10s" });
        // All have one name, so this one replaces those before it.
        account.asked.splice(0, account.asked.length - 1);
        account.isSet = true;
      }
    } catch {
      // Not answered: it may be there or not.
    }
    await new Promise<void>((resolve) => world.clock.after(50, resolve));
  }
}

/** One of the things that befall a node, and its end. */
function misfortune(world: SeededWorld): () => void {
  const oneOf = <T>(of: readonly T[]): T => of[world.random.int(of.length)] as T;
  const name = oneOf(NODES.filter((node) => world.nodes.includes(node)));
  switch (world.random.int(4)) {
    case 0:
      world.crash(name);
      return () => void world.system(name, { actors: books });
    case 1:
      world.pause(name);
      return () => world.resume(name);
    case 2:
      world.isolate(name);
      return () => world.rejoin(name);
    default:
      world.loseLeader(oneOf(["keyValues", "eventLogs", "reminders"] as const));
      return () => {};
  }
}

/** What a book holds; a gap in a link is noticed by what comes next, and fails it. */
async function linesOf(
  world: SeededWorld,
  book: ActorRef<BookOperations>,
): Promise<readonly string[]> {
  for (let tries = 1; ; tries++) {
    try {
      return await world.run(book.ask("lines", undefined, { timeout: "1m" }));
    } catch (error) {
      if (tries === 5) throw error;
    }
  }
}

async function scenario(seed: number): Promise<void> {
  const world = seededWorld({ seed, faults: FAULTS });
  for (const name of NODES) world.system(name, { actors: books });
  const accounts = accountsOf(world);
  let isOver: boolean = false;
  const writing = accounts.map((account) => keepWriting(world, account, () => isOver));
  for (let round = 0; round < 4; round++) {
    await world.advance(1_000 + world.random.int(3_000));
    const end = misfortune(world);
    await world.advance(500 + world.random.int(9_000));
    end();
    // Those that were declared down meanwhile are fenced as they come back.
    for (const name of NODES) world.system(name, { actors: books });
  }
  isOver = true;
  world.faults.links.loss = 0;
  for (const store of [world.faults.keyValues, world.faults.eventLogs, world.faults.reminders])
    Object.assign(store, { refusedShare: 0, storedButTimedOutShare: 0 });
  await world.run(Promise.all(writing));
  await world.advance("2m");
  for (const { book, answered, asked, isSet } of accounts) {
    const lines = await linesOf(world, book);
    const written = lines.filter((line) => line.startsWith("line"));
    assert.equal(new Set(written).size, written.length, `${book.address} wrote a line twice`);
    const kept = new Set(lines);
    const lost = answered.filter((line) => !kept.has(line));
    assert.deepEqual(lost, [], `${book.address} lost what was answered`);
    if (isSet) {
      const isHeard = asked.some((reminder) => kept.has(reminder));
      assert.ok(isHeard, `${book.address} was not reminded of ${asked.join(" or ")}`);
    }
  }
  for (const key of KEYS) {
    const log = await world.system("desk").ports.eventLogs?.open(`actor.virtual.ledger.${key}`);
    const entries = (await world.run(log?.read(0) ?? Promise.resolve([]))).map(
      ({ event }) => event as { readonly n: number; readonly token: number },
    );
    const tokens = entries.map(({ token }) => token);
    assert.deepEqual(
      tokens,
      [...tokens].sort((a, b) => a - b),
      `V1: the tokens in the log of ${key} decrease`,
    );
  }
  await world.end();
}

t.test("state and reminders under faults", { timeout: 300_000 }, async (t) => {
  await t.test("G8, V1: what was answered is kept, each line once, whatever happens", async (t) => {
    await forSeeds({ suite: "persistence", seeds: 25 }, scenario);
    t.pass("nothing was lost");
  });
});
