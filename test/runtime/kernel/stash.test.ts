import t from "tap";
import { type DeadLetter, pool, silentLog } from "../../../runtime/index.ts";
import { boom, type PuppetContext, puppet } from "../puppet.ts";
import { gate, rejection, world } from "../world.ts";

/** Stashes the message in hand until the state counts above 0, then answers. */
function whenOpen(ctx: PuppetContext): unknown {
  if (ctx.state.count > 0) return "open";
  ctx.stash();
  return undefined;
}

function open(ctx: PuppetContext): void {
  ctx.state.count = 1;
  ctx.unstash();
}

/** Writes `line` when open. */
function lineWhenOpen(log: string[], line: string) {
  return (ctx: PuppetContext): void => {
    if (whenOpen(ctx) === "open") log.push(line);
  };
}

t.test("stash", async (t) => {
  t.test("H1: comes back before what waits, in the order of stashing", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const ref = system.spawn(puppet(log));
    for (const line of ["a", "b", "c"]) ref.tell("act", lineWhenOpen(log, line));
    ref.tell("note", "is not stashed");
    ref.tell("act", open);
    ref.tell("note", "waits");
    await clock.settle();
    t.same(log, ["init", "is not stashed", "a", "b", "c", "waits"]);
    await system.shutdown();
  });

  t.test("H1: a stashed ask is answered when it comes back", async (t) => {
    const { system, clock, events } = world();
    const ref = system.spawn(puppet());
    const asked = ref.ask("get", whenOpen);
    await clock.settle();
    t.equal(system.pendingReplies, 1);
    ref.tell("act", open);
    t.equal(await asked, "open");
    const handled = events.filter((event) => event.type === "message.handled");
    t.same(
      handled.map(({ message }) => message),
      ["puppet.act@1", "puppet.get@1"],
      "and is handled once",
    );
    await system.shutdown();
  });

  t.test("H1: may be put back by the handler that stashed it, also after an await", async (t) => {
    const { system } = world();
    const ref = system.spawn(puppet());
    const answer = await ref.ask("get", async (ctx) => {
      if (ctx.state.count++ > 0) return ctx.state.count;
      ctx.stash();
      await Promise.resolve();
      ctx.unstash();
      return "of a message that was put aside: goes nowhere";
    });
    t.equal(answer, 2);
    await system.shutdown();
  });

  t.test("H2, S6: at most as many as the mailbox has room for; more are refused", async (t) => {
    const { system, clock } = world();
    const letters: DeadLetter[] = [];
    system.onDeadLetter((letter) => letters.push(letter));
    const log: string[] = [];
    const ref = system.spawn(puppet(log), { mailbox: { capacity: 2 } });
    for (const line of ["a", "b", "c"]) {
      ref.tell("act", lineWhenOpen(log, line));
      await clock.settle();
    }
    t.match(letters, [{ reason: "mailbox-full", type: "puppet.act@1" }]);
    t.match(await rejection(ref.ask("get", whenOpen)), { code: "mailbox.full" });
    t.equal(await ref.ask("get", (ctx) => ctx.state.count), 0, "it fails nobody");
    await system.shutdown();
  });

  t.test("regression: what fails later takes no stashed message with it", async (t) => {
    const { system, clock } = world();
    const ref = system.spawn(puppet([]));
    const asked = ref.ask("get", whenOpen);
    await clock.settle();
    ref.tell("act", (ctx) => ctx.task(() => Promise.reject(new Error("boom")), "note"));
    await clock.advanceAsync("1s");
    ref.tell("act", open);
    t.equal(await asked, "open");
    await system.shutdown();
  });

  t.test("S7: a handler that throws after a refused stash is named in the log", async (t) => {
    const failures: unknown[] = [];
    const log = {
      ...silentLog,
      child: () => log,
      error: (fields: object) => void failures.push(fields),
    };
    const { system, clock } = world({ log });
    const ref = system.spawn(puppet([]), { mailbox: { capacity: 1 } });
    for (const isRefused of [false, true]) {
      ref.tell("act", (ctx) => {
        t.equal(ctx.stash(), !isRefused);
        if (isRefused) boom(ctx);
      });
      await clock.settle();
    }
    t.match(failures, [{ operation: "act" }]);
    await system.shutdown();
  });

  t.test("S6: unstashing beyond the bound loses nothing and takes nothing more in", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const held = gate();
    const ref = system.spawn(puppet(log), { mailbox: { capacity: 2 } });
    for (const line of ["a", "b"]) ref.tell("act", lineWhenOpen(log, line));
    await clock.settle();
    ref.tell("act", async (ctx) => {
      await held.passed;
      open(ctx);
      log.push(`${ctx.self.tell("note", "no room")}`);
    });
    await clock.settle();
    t.same(
      [1, 2, 3].map((n) => ref.tell("note", `${n}`)),
      [true, true, false],
    );
    held.open();
    await clock.settle();
    t.same(log, ["init", "false", "a", "b", "1", "2"]);
    t.equal(system.deadLetters, 2);
    await system.shutdown();
  });

  t.test("H3, S8: a restart puts the stash back before what waits", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const ref = system.spawn(puppet(log));
    ref.tell("act", lineWhenOpen(log, "a"));
    ref.tell("act", lineWhenOpen(log, "b"));
    ref.tell("act", boom);
    ref.tell("note", "waits");
    await clock.settle();
    t.equal(ref.tell("act", open), true, "during the back-off");
    await clock.advanceAsync("1s");
    t.same(log, ["init", "init", "waits", "a", "b"]);
    await system.shutdown();
  });

  t.test("S9: what is stashed at the end of its actor is accounted for", async (t) => {
    for (const how of ["stop", "drain", "kill"] as const) {
      const { system, clock } = world();
      const ref = system.spawn(puppet());
      ref.tell("act", lineWhenOpen([], "never"));
      const asked = rejection(ref.ask("get", whenOpen));
      await clock.settle();
      await system.stop(ref, how);
      t.match(await asked, { code: "actor.stopped", outcome: "never-ran" }, how);
      t.equal(system.deadLetters, 1, how);
      await system.shutdown();
    }
  });

  t.test("S8, S9: stash, restart and drain together lose and repeat nothing", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const ref = system.spawn(puppet(log));
    ref.tell("act", lineWhenOpen(log, "stashed"));
    ref.tell("act", boom);
    ref.tell("act", open);
    ref.tell("note", "queued");
    await clock.settle();
    const drained = system.stop(ref, "drain");
    await clock.advanceAsync("1s");
    await drained;
    t.same(log, ["init", "init", "stashed", "queued"]);
    t.equal(system.deadLetters, 1, "only the message that failed");
    await system.shutdown();
  });

  t.test("H4, S7: a message whose handler throws after it has failed", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const ref = system.spawn(puppet(log));
    const asked = rejection(
      ref.ask("get", (ctx) => {
        log.push("ran");
        ctx.stash();
        throw new Error("boom");
      }),
    );
    await clock.advanceAsync("1s");
    t.match(await asked, { code: "actor.failed" });
    t.same(log, ["init", "ran", "init"], "it does not come back");
    await system.shutdown();
  });

  t.test("regression: what was stashed and put back before a throw runs once more", async (t) => {
    const { system, clock, events } = world();
    const letters: DeadLetter[] = [];
    system.onDeadLetter((letter) => letters.push(letter));
    const runs: string[] = [];
    const ref = system.spawn(puppet(), { concurrency: 2 });
    const { passed, open: openGate } = gate();
    ref.tell("act", async (ctx) => {
      runs.push("first");
      if (runs.length > 1) return;
      ctx.stash();
      await passed;
      throw new Error("boom");
    });
    await clock.settle();
    ref.tell("act", (ctx) => ctx.unstash());
    await clock.settle();
    t.equal(runs.length, 2, "another handler put it back");
    openGate();
    await clock.advanceAsync("1s");
    t.same(letters, [], "it was handled and so is no dead letter");
    t.equal(events.filter(({ type }) => type === "actor.failed").length, 1);
    await system.shutdown();
  });

  t.test("S15: a stashed ask that is cancelled says unknown, and does not come back", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const cancel = new AbortController();
    const ref = system.spawn(puppet(log));
    const asked = rejection(
      ref.ask(
        "get",
        (ctx) => {
          log.push("looked at");
          ctx.stash();
        },
        { signal: cancel.signal },
      ),
    );
    await clock.settle();
    cancel.abort();
    t.match(await asked, { code: "ask.cancelled", outcome: "unknown" });
    ref.tell("act", open);
    await clock.settle();
    t.same(log, ["init", "looked at"]);
    await system.shutdown();
  });

  t.test("S6: a stashed ask past its deadline does not come back", async (t) => {
    const { system, clock } = world();
    let runs = 0;
    const ref = system.spawn(puppet());
    const asked = rejection(
      ref.ask(
        "get",
        (ctx) => {
          runs++;
          ctx.stash();
        },
        { timeout: "1s" },
      ),
    );
    await clock.advanceAsync("1s");
    t.match(await asked, { code: "ask.timeout", outcome: "unknown" });
    ref.tell("act", (ctx) => ctx.unstash());
    await clock.settle();
    t.equal(runs, 1);
    await system.shutdown();
  });

  t.test("S13: a stashed timer message comes back, and is cancelled by a restart", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const ref = system.spawn(puppet(log));
    const arm = (ctx: PuppetContext): void => {
      ctx.timers.after("once", "1s", "act", lineWhenOpen(log, "timer"));
    };
    ref.tell("act", arm);
    await clock.advanceAsync("1s");
    ref.tell("act", open);
    await clock.settle();
    t.same(log, ["init", "timer"]);
    ref.tell("act", (ctx) => {
      ctx.state.count = 0;
      arm(ctx);
    });
    await clock.advanceAsync("1s");
    ref.tell("act", boom);
    ref.tell("act", open);
    await clock.advanceAsync("1s");
    t.same(log, ["init", "timer", "init"]);
    await system.shutdown();
  });

  t.test("S5: a worker of a pool stashes for itself", async (t) => {
    const { system, clock } = world();
    const ref = system.spawn(pool(puppet(), { size: 1 }));
    const asked = ref.ask("get", whenOpen);
    await clock.settle();
    ref.tell("act", open);
    t.equal(await asked, "open");
    await system.shutdown();
  });

  t.test("what cannot be stashed is a TypeError: a stream, a hook's moment, twice", async (t) => {
    const { system, clock } = world();
    const seen: string[] = [];
    const attempt = (ctx: Pick<PuppetContext, "stash">): void => {
      try {
        ctx.stash();
        seen.push("stashed");
      } catch (error) {
        seen.push((error as Error).message);
      }
    };
    const ref = system.spawn(puppet([], { init: attempt }));
    const flow = ref.stream("flow", async function* (ctx) {
      attempt(ctx);
      yield 1;
      return "end";
    });
    for await (const _ of flow);
    ref.tell("act", (ctx) => {
      attempt(ctx);
      attempt(ctx);
    });
    await clock.settle();
    const none = "stash: no message is in hand";
    t.same(seen, [none, "stash: a stream has begun with its handler", "stashed", none]);
    await system.shutdown();
  });

  t.test("regression: what is stashed is untouched when a task or a hook fails", async (t) => {
    const { system, clock } = world();
    const ref = system.spawn(puppet());
    const answer = ref.ask("get", whenOpen);
    ref.tell("act", (ctx) => ctx.task(() => Promise.reject(new Error("a task")), "note"));
    await clock.advanceAsync("1s");
    t.equal(system.pendingReplies, 1, "H3: it came back with the restart, and was stashed again");
    ref.tell("act", open);
    t.equal(await answer, "open");
    await system.shutdown();
  });

  t.test("regression: what was stashed is never said not to have run", async (t) => {
    const { system, clock } = world();
    const ref = system.spawn(puppet());
    let ran = 0;
    const stash = (ctx: PuppetContext): void => {
      if (ran++ < 3) ctx.stash();
    };
    const stashed = rejection(ref.ask("get", stash, { timeout: "1s" }));
    await clock.advanceAsync("2s");
    const back = [1, 2].map((s) => rejection(ref.ask("get", stash, { timeout: `${s}s` })));
    const { passed, open: goOn } = gate();
    ref.tell("act", (ctx) => {
      ctx.unstash();
      return passed;
    });
    await clock.advanceAsync("3s");
    goOn();
    for (const error of await Promise.all([stashed, ...back])) {
      t.match(error, { code: "ask.timeout", outcome: "unknown" }, "S15");
    }
    await system.shutdown();
  });
});
