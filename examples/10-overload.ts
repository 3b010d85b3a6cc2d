/** More pages than two readers can bear: who sends waits for room, and a call that hangs is given up. */
import {
  type Address,
  actor,
  ask,
  createSystem,
  MemoryModels,
  pool,
  protocol,
  silentLog,
  systemClock,
  tell,
} from "troupe";

const Shelf = protocol("shelf@1", {
  put: tell<{ page: number; gist: string }>(),
  all: ask<{ pages: number }, readonly string[]>(),
});
const shelf = actor(Shelf, () => new Map<number, string>(), {
  put: (ctx, { page, gist }) => {
    ctx.state.set(page, gist);
    ctx.unstash();
  },
  all: (ctx, { pages }) => {
    if (ctx.state.size < pages) ctx.stash(); // put aside, and not answered, until more has come
    return [...ctx.state.values()];
  },
});

const Reader = protocol("reader@1", { read: tell<{ page: number }>() });
const reader = actor(Reader, (input: { shelf: Address }) => input, {
  read: async (ctx, { page }) => {
    const gist = await ctx.model("auto").generate({ prompt: `Sum up page ${page}` }).text;
    ctx.refOf(Shelf, ctx.state.shelf).tell("put", { page, gist });
  },
});

// A model that says what is written here, and nothing at all about page 7.
const models = new MemoryModels({
  models: {
    oracle: ({ prompt }) =>
      prompt.endsWith(" 7") ? { text: "", hangsAfter: 0 } : { text: "a fine page", tokenMs: 5 },
  },
});
const system = createSystem({ models: models.clients(systemClock), log: silentLog });
const kept = system.spawn(shelf, { name: "shelf" });
const readers = pool(reader, { size: 2, mailbox: { capacity: 4 }, worker: { timeLimit: "1s" } });
const ref = system.spawn(readers, { name: "readers", input: { shelf: kept.address } });

const pages = Array.from({ length: 20 }, (_, at) => at + 1);
const all = kept.ask("all", { pages: pages.length });
const refused = pages.filter((page) => !ref.tell("read", { page }));
process.stdout.write(`no room for ${refused.length} of ${pages.length} pages\n`);
system.onDeadLetter(({ body, reason }) => {
  if (reason !== "failed") return;
  process.stdout.write(`not read: ${JSON.stringify(body)} (${reason})\n`);
  kept.tell("put", { ...(body as { page: number }), gist: "unread" });
});
for (const page of refused) await ref.offer("read", { page });
const gists = await all;
process.stdout.write(`${gists.filter((gist) => gist !== "unread").length} pages read\n`);
await system.shutdown();
