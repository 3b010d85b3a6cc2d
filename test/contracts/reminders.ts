/**
 * What every `Reminders` must do, whichever store is behind it.
 *
 * Actors have fresh types, so that one store serves the whole suite.
 */
import type { Test } from "tap";
import type { DueReminder, Reminder, Reminders } from "../../runtime/ports/reminders.ts";

/** A store under test; its ack wait is 1 s. */
export interface RemindersUnderTest {
  readonly reminders: Reminders;
  /** The store's wall clock. */
  readonly nowMs: () => number;
  /** Lets time pass until the condition holds, at most a while. */
  readonly until: (condition: () => boolean) => Promise<boolean>;
}

/** Runs the suite; `start` is called once. */
export async function reminderContract(
  t: Test,
  start: () => Promise<RemindersUnderTest>,
): Promise<void> {
  const { reminders, nowMs, until } = await start();
  let types = 0;
  const freshType = (): string => `contract.${++types}`;
  const reminderFor = (type: string, name = "r", payload: unknown = undefined): Reminder => ({
    type,
    key: "user 42/ä",
    name,
    id: `${type} ${name}`,
    operation: "wake",
    payload,
    schedule: { kind: "once" },
  });
  /** Listens and keeps what comes; acknowledges it unless told otherwise. */
  const listen = async (
    type: string,
    deal: (due: DueReminder) => Promise<void> = (d) => d.ack(),
  ) => {
    const heard: DueReminder[] = [];
    const cancel = await reminders.listen(type, async (due) => {
      heard.push(due);
      await deal(due);
    });
    return { heard, cancel };
  };

  await t.test("M2: hands an occurrence out at its time, whole, and once", async (t) => {
    const type = freshType();
    const { heard, cancel } = await listen(type);
    const dueMs = nowMs() + 1_200;
    const reminder = reminderFor(type, "a.b *>", { list: [1, "x", null], at: new Date(5) });
    await reminders.arm(reminder, dueMs);
    t.ok(await until(() => heard.length === 1));
    t.ok(nowMs() >= dueMs - 50, "not before its time");
    t.strictSame(heard[0]?.reminder, reminder);
    t.equal(heard[0]?.dueMs, dueMs);
    t.equal(heard[0]?.deliveries, 1);
    const later = nowMs() + 2_000;
    await until(() => nowMs() > later);
    t.equal(heard.length, 1, "what was acknowledged does not come back");
    cancel();
  });

  await t.test("what was due before anybody listened waits, also what is long past", async (t) => {
    const type = freshType();
    await reminders.arm(reminderFor(type, "past"), nowMs() - 60_000);
    const { heard, cancel } = await listen(type);
    t.ok(await until(() => heard.length === 1));
    cancel();
  });

  await t.test("M1: arming again replaces what was armed", async (t) => {
    const type = freshType();
    const { heard, cancel } = await listen(type);
    await reminders.arm({ ...reminderFor(type), id: "first" }, nowMs() + 800);
    await reminders.arm({ ...reminderFor(type), id: "second" }, nowMs() + 1_200);
    t.ok(await until(() => heard.length === 1));
    const later = nowMs() + 1_500;
    await until(() => nowMs() > later);
    t.strictSame(
      heard.map(({ reminder }) => reminder.id),
      ["second"],
    );
    cancel();
  });

  await t.test("calls off one reminder and none of its neighbours", async (t) => {
    const type = freshType();
    const { heard, cancel } = await listen(type);
    for (const name of ["one", "two"]) await reminders.arm(reminderFor(type, name), nowMs() + 800);
    await reminders.cancel(reminderFor(type, "one"));
    await reminders.cancel(reminderFor(type, "never was"));
    t.ok(await until(() => heard.length === 1));
    const later = nowMs() + 1_000;
    await until(() => nowMs() > later);
    t.strictSame(
      heard.map(({ reminder }) => reminder.name),
      ["two"],
    );
    cancel();
  });

  await t.test("calls off what is due and waits", async (t) => {
    const type = freshType();
    const { heard: before, cancel: leave } = await listen(type, async (due) => due.nak(1_000));
    await reminders.arm(reminderFor(type), nowMs());
    t.ok(await until(() => before.length === 1));
    await reminders.cancel(reminderFor(type));
    leave();
    const { heard, cancel } = await listen(type);
    const later = nowMs() + 2_500;
    await until(() => nowMs() > later);
    t.equal(heard.length, 0);
    cancel();
  });

  await t.test("M3: what is not acknowledged is handed out again", async (t) => {
    const type = freshType();
    const { heard, cancel } = await listen(type, async (due) => {
      if (due.deliveries === 2) await due.ack();
    });
    await reminders.arm(reminderFor(type), nowMs());
    t.ok(await until(() => heard.length === 2));
    t.strictSame(
      heard.map(({ deliveries }) => deliveries),
      [1, 2],
    );
    cancel();
  });

  await t.test("M3: what is put back is handed out again after its delay", async (t) => {
    const type = freshType();
    const { heard, cancel } = await listen(type, async (due) => {
      if (due.deliveries < 3) due.nak(100);
      else await due.ack();
    });
    await reminders.arm(reminderFor(type), nowMs());
    t.ok(await until(() => heard.length === 3));
    cancel();
  });

  await t.test("hands each of many to one of those who listen", async (t) => {
    const type = freshType();
    const listeners = [await listen(type), await listen(type)];
    const names = Array.from({ length: 100 }, (_, n) => `n${n}`);
    await Promise.all(names.map((name) => reminders.arm(reminderFor(type, name), nowMs())));
    const heard = () => listeners.flatMap((listener) => listener.heard);
    t.ok(await until(() => heard().length >= 100));
    t.strictSame(new Set(heard().map(({ reminder }) => reminder.name)), new Set(names));
    t.equal(heard().length, 100);
    for (const { cancel } of listeners) cancel();
  });

  await t.test("tells at most 64 at a time, and the others as there is room", async (t) => {
    const type = freshType();
    let inHand = 0;
    let most = 0;
    const waiting: (() => void)[] = [];
    const { heard, cancel } = await listen(type, async (due) => {
      most = Math.max(most, ++inHand);
      await new Promise<void>((resolve) => waiting.push(resolve));
      inHand--;
      await due.ack();
    });
    const names = Array.from({ length: 80 }, (_, n) => `n${n}`);
    await Promise.all(names.map((name) => reminders.arm(reminderFor(type, name), nowMs())));
    t.ok(await until(() => heard.length >= 64));
    const release = () => {
      for (const go of waiting.splice(0)) go();
      return new Set(heard.map(({ reminder }) => reminder.name)).size === 80;
    };
    t.ok(await until(release));
    await until(() => release() && inHand === 0);
    t.equal(most, 64);
    cancel();
  });

  await t.test("another type's reminders are nobody's business here", async (t) => {
    const [one, other] = [freshType(), freshType()];
    const { heard, cancel } = await listen(one);
    await reminders.arm(reminderFor(other), nowMs());
    await reminders.arm(reminderFor(one), nowMs());
    t.ok(await until(() => heard.length === 1));
    t.equal(heard[0]?.reminder.type, one);
    cancel();
  });

  await t.test("refuses what is too large or no plain data", async (t) => {
    const type = freshType();
    const large = reminderFor(type, "large", "x".repeat(1_100_000));
    await t.rejects(reminders.arm(large, nowMs()), { code: "payload.too-large" });
    await t.rejects(reminders.arm(reminderFor(type, "odd", { f: () => {} }), nowMs()), TypeError);
  });
}
