import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import t from "tap";
import { type DeadLetter, pool, type System } from "../../../runtime/index.ts";
import { boom, Puppet, puppet } from "../puppet.ts";
import { gate, world } from "../world.ts";

/** An actor whose handler is held and whose mailbox of `capacity` is full. */
async function full({ system, capacity = 1 }: { system: System; capacity?: number }) {
  const log: string[] = [];
  const { passed, open } = gate();
  const ref = system.spawn(puppet(log), { mailbox: { capacity }, name: "full", shutdown: "1s" });
  ref.tell("act", () => passed);
  await ref.ready;
  await new Promise((resolve) => setImmediate(resolve));
  log.length = 0;
  for (let i = 0; i < capacity; i++) ref.tell("note", `queued ${i}`);
  return { ref, log, open };
}

/** What each offer came to; `undefined` while it waits. */
function outcomes(offers: readonly Promise<boolean>[]): (boolean | undefined)[] {
  const came: (boolean | undefined)[] = offers.map(() => undefined);
  offers.forEach((offer, i) => {
    void offer.then((queued) => {
      came[i] = queued;
    });
  });
  return came;
}

function letters(system: System): DeadLetter[] {
  const heard: DeadLetter[] = [];
  system.onDeadLetter((letter) => heard.push(letter));
  return heard;
}

t.test("offers", async (t) => {
  t.test("S6: an offer is queued at once when there is room", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const ref = system.spawn(puppet(log));
    t.equal(await ref.offer("note", "a"), true);
    await clock.settle();
    t.same(log, ["init", "a"]);
    await system.shutdown();
  });

  t.test("S6, O1: an offer waits for room; first come, first served", async (t) => {
    const { system, clock } = world();
    const { ref, log, open } = await full({ system, capacity: 3 });
    const came = outcomes(["a", "b", "c"].map((line) => ref.offer("note", line)));
    await clock.settle();
    t.same(came, [undefined, undefined, undefined]);
    t.equal(ref.tell("note", "refused"), false, "a tell does not overtake them");
    open();
    await clock.settle();
    t.same(came, [true, true, true]);
    t.same(log, ["queued 0", "queued 1", "queued 2", "a", "b", "c"]);
    await system.shutdown();
  });

  t.test("regression: the process stays alive while an offer waits", async (t) => {
    const script = fileURLToPath(new URL("./fixtures/waiting-offer.js", import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [script], { timeout: 30_000 });
    t.equal(stdout, "false");
  });

  t.test("O2, O3: by its deadline it is refused, and a counted dead letter", async (t) => {
    const { system, clock } = world();
    const { ref, log, open } = await full({ system });
    const heard = letters(system);
    const came = outcomes([ref.offer("note", "late", { timeout: "2s" })]);
    await clock.advanceAsync(1_999);
    t.same(came, [undefined]);
    await clock.advanceAsync(1);
    t.same(came, [false]);
    t.match(heard, [{ reason: "mailbox-full", body: "late", to: "local/full" }]);
    open();
    await clock.settle();
    t.same(log, ["queued 0"]);
    await system.shutdown();
    t.equal(clock.pending, 0);
  });

  t.test("O2: an offer waits thirty seconds when it does not say", async (t) => {
    const { system, clock } = world();
    const { ref } = await full({ system });
    const came = outcomes([ref.offer("note", "late")]);
    await clock.advanceAsync(29_999);
    t.same(came, [undefined]);
    await clock.advanceAsync(1);
    t.same(came, [false]);
    await system.stop(ref, "kill");
    await system.shutdown();
  });

  t.test("O2, S15: an offer waits no longer than the ask it is made for", async (t) => {
    const { system, clock } = world();
    const { ref } = await full({ system });
    const sender = system.spawn(puppet());
    let came: boolean | undefined;
    const asked = sender
      .ask(
        "get",
        async () => {
          came = await ref.offer("note", "late");
        },
        { timeout: "3s" },
      )
      .catch(() => {});
    await clock.advanceAsync("3s");
    await asked;
    t.equal(came, false);
    await system.stop(ref, "kill");
    await system.shutdown();
  });

  t.test("O2, O3: a signal gives it up, before and while it waits", async (t) => {
    const { system, clock } = world();
    const { ref, log, open } = await full({ system });
    const heard = letters(system);
    const abort = new AbortController();
    const came = outcomes([ref.offer("note", "a", { signal: abort.signal })]);
    abort.abort();
    await clock.settle();
    t.same(came, [false]);
    t.equal(await ref.offer("note", "b", { signal: abort.signal }), false);
    t.match(heard, [{ body: "a" }, { body: "b" }]);
    open();
    await clock.settle();
    t.same(log, ["queued 0"]);
    await system.shutdown();
  });

  for (const how of ["stop", "kill"] as const) {
    t.test(`O2, S9: a ${how} refuses the offers that wait`, async (t) => {
      const { system, clock } = world();
      const { ref, open } = await full({ system });
      const heard = letters(system);
      const came = outcomes([ref.offer("note", "a")]);
      const down = system.stop(ref, how);
      await clock.settle();
      open();
      await down;
      await clock.settle();
      t.same(came, [false]);
      const notes = heard.filter(({ type }) => type === "puppet.note@1");
      t.match(notes, [
        { body: "queued 0", reason: "stopped" },
        { body: "a", reason: "stopped" },
      ]);
      t.equal(await ref.offer("note", "b"), false, "of a stopped actor at once");
      await system.shutdown();
    });
  }

  t.test("S8: an offer outlives the restart of the actor that it waits for", async (t) => {
    const { system, clock } = world();
    const { ref, log, open } = await full({ system, capacity: 2 });
    const came = outcomes([ref.offer("act", boom), ref.offer("note", "after")]);
    open();
    await clock.settle();
    t.same(came, [true, true]);
    await clock.advanceAsync("1s");
    t.same(log, ["queued 0", "queued 1", "init", "after"]);
    await system.shutdown();
  });

  t.test("S8: during a back-off an offer waits for the next generation", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const ref = system.spawn(puppet(log), { mailbox: { capacity: 1 } });
    ref.tell("act", boom);
    await clock.settle();
    ref.tell("note", "queued");
    const came = outcomes([ref.offer("note", "offered")]);
    await clock.settle();
    t.same(came, [undefined]);
    await clock.advanceAsync("1s");
    t.same(came, [true]);
    t.same(log, ["init", "init", "queued", "offered"]);
    await system.shutdown();
  });

  t.test("O5, S8: a sender that was restarted offers nothing any more", async (t) => {
    const { system, clock } = world();
    const { ref, log, open } = await full({ system });
    const sender = system.spawn(puppet(), { shutdown: 1 });
    let came: boolean | undefined;
    sender.tell("act", (ctx) => {
      void ctx
        .refOf(Puppet, ref.address)
        .offer("note", "stale")
        .then((queued) => {
          came = queued;
        });
    });
    sender.tell("act", boom);
    await clock.advanceAsync("1s");
    t.equal(came, undefined);
    open();
    await clock.settle();
    t.equal(came, false);
    t.same(log, ["queued 0"]);
    t.equal(system.fenced, 1);
    await system.shutdown();
  });

  t.test("O4: no more offers wait than the mailbox has room for messages", async (t) => {
    const { system, clock } = world();
    const { ref, open } = await full({ system, capacity: 2 });
    const came = outcomes([1, 2, 3].map((n) => ref.offer("note", `${n}`)));
    await clock.settle();
    t.same(came, [undefined, undefined, false]);
    t.equal(system.deadLetters, 1);
    open();
    await clock.settle();
    t.same(came, [true, true, false]);
    await system.shutdown();
  });

  t.test("S1, S5: concurrent actors and pools make room when a handler begins", async (t) => {
    const { system, clock } = world();
    const held = gate();
    const size = { mailbox: { capacity: 1 } };
    const pooled = pool(puppet(), { size: 2, ...size });
    for (const ref of [system.spawn(puppet(), { concurrency: 2, ...size }), system.spawn(pooled)]) {
      await ref.ready;
      const came = outcomes([1, 2, 3, 4].map(() => ref.offer("act", () => held.passed)));
      await clock.settle();
      t.same(came, [true, true, false, false], "two begin, one waits, O4 refuses the last");
      await system.stop(ref, "kill");
    }
    held.open();
    await system.shutdown();
  });

  t.test("no operation of that name, or an ask, is a dead letter at once", async (t) => {
    const { system } = world();
    const heard = letters(system);
    const { ref, open } = await full({ system });
    t.equal(await ref.offer("nope" as "note", "a"), false);
    t.equal(await ref.offer("get" as "note", "b"), false);
    t.equal(await system.refOf(Puppet, "local/nobody").offer("note", "c"), false);
    t.match(heard, [
      { reason: "no-handler" },
      { reason: "no-handler" },
      { reason: "no-such-actor" },
    ]);
    open();
    await system.shutdown();
  });
});
