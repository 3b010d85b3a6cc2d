/** A node that answers with what is no answer. */
import t from "tap";
import { holderOf } from "../../cluster/membership/lease.ts";
import { parseFrame } from "../../cluster/wire/frame.ts";
import { pack } from "../../cluster/wire/packing.ts";
import { parseTaskBody } from "../../runtime/durable/task-body.ts";
import {
  ask,
  createSystem,
  type DeadLetter,
  MemoryHub,
  MemoryMembers,
  protocol,
  silentLog,
  type Terminated,
} from "../../runtime/index.ts";
import { type Envelope, EnvelopeKind } from "../../runtime/remote/envelope.ts";
import { ManualClock } from "../../runtime/testing/index.ts";
import { rejection } from "../runtime/world.ts";

const Clerk = protocol("clerk@1", { file: ask<string, string>() });
/** What throws where a text is made of it. */
const NO_TEXT = { toString: 1, valueOf: 1 };

t.test("a node that answers oddly", async (t) => {
  const hub = new MemoryHub();
  const members = new MemoryMembers();
  const clock = new ManualClock();
  const membership = members.join({ name: "a", incarnation: "1" });
  members.join({ name: "odd", incarnation: "1" });
  const system = createSystem({ clock, log: silentLog, transport: hub.join("a"), membership });
  t.teardown(async () => {
    const down = system.shutdown();
    await clock.advanceAsync("1m");
    await down;
  });
  const odd = hub.join("odd");
  let heard: Envelope | undefined;
  odd.attach({
    received: (_from, envelope) => {
      heard = envelope;
    },
    undelivered: () => {},
    unreadable: () => {},
    lost: () => {},
  });
  const say = (said: Partial<Envelope>): void => {
    const base = { id: 1, to: "", from: "odd/clerk", correlation: 0, type: "", ttlMs: 0 };
    odd.send("a", { ...base, kind: EnvelopeKind.failure, body: undefined, ...said });
  };

  t.test("regression A1: a failure that is none ends its ask at once", async (t) => {
    for (const body of [
      { code: "actor.failed", message: NO_TEXT },
      { code: NO_TEXT, message: "no" },
      { code: "actor.failed", message: "no", outcome: NO_TEXT },
      null,
      7,
    ]) {
      const asked = rejection(system.refOf(Clerk, "odd/clerk").ask("file", "x"));
      await clock.advanceAsync(10);
      say({ correlation: heard?.correlation ?? 0, body });
      await clock.advanceAsync(10);
      t.match(await asked, { code: "ask.undecodable", outcome: "unknown" });
      t.equal(system.pendingReplies, 0);
    }
  });

  t.test("regression S12, S17: reasons that are no text are not passed on", async (t) => {
    const ends: Terminated[] = [];
    const letters: DeadLetter[] = [];
    system.watch(system.refOf(Clerk, "odd/clerk"), (end) => ends.push(end));
    const forget = system.onDeadLetter((letter) => letters.push(letter));
    say({ kind: EnvelopeKind.terminated, body: NO_TEXT });
    say({ kind: EnvelopeKind.undelivered, to: "x", type: "clerk.file@1", body: NO_TEXT });
    await clock.advanceAsync(10);
    forget();
    t.match(ends, [{ reason: "failed" }]);
    t.match(letters, [{ reason: "undecodable" }]);
  });

  t.test("regression: no frame moves a link further than its own number", async (t) => {
    t.equal(parseFrame(pack([1, "7", 3, 2, [], 3])).ok, true);
    t.equal(parseFrame(pack([1, "7", 3, 2, [], 4])).ok, false);
    t.equal(parseFrame(pack([1, "7", 3, 2, [], Number.MAX_SAFE_INTEGER])).ok, false);
  });

  t.test("regression D5: a task says in numbers how often it may be tried", async (t) => {
    t.equal(parseTaskBody({ v: 1, input: 1 }).ok, true);
    for (const maxAttempts of [0, -1, 1.5, "x", Number.NaN, NO_TEXT, null])
      t.equal(parseTaskBody({ v: 1, input: 1, maxAttempts }).ok, false);
  });

  t.test("regression S21: a lease whose incarnation is no text has no holder", async (t) => {
    const entry = (incarnation: unknown) => ({
      key: "node.n1",
      value: { v: 1, incarnation },
      revision: 7,
    });
    t.match(holderOf(entry("5") as never), { name: "n1", incarnation: "5" });
    for (const incarnation of [5, null, [], NO_TEXT])
      t.equal(holderOf(entry(incarnation) as never), undefined);
  });
});
