import t from "tap";
import { seededRandom } from "../../../runtime/ports/random.ts";
import { ManualScheduler } from "../../../runtime/testing/index.ts";

t.test("ManualScheduler", async (t) => {
  t.test("I1, I2: microtask turns come first, each lane in order", async (t) => {
    const scheduler = new ManualScheduler();
    const ran: string[] = [];
    scheduler.macrotask(() => ran.push("macro"));
    scheduler.microtask(() => {
      ran.push("micro 1");
      scheduler.microtask(() => ran.push("micro 3"));
    });
    scheduler.microtask(() => ran.push("micro 2"));
    t.equal(scheduler.ready, 3);
    scheduler.run();
    t.same(ran, ["micro 1", "micro 2", "micro 3", "macro"]);
    t.equal(scheduler.runOne(), false);
  });

  t.test("I3: one seed gives one order, another seed another", async (t) => {
    const orderOf = (seed: number): number[] => {
      const scheduler = new ManualScheduler({ random: seededRandom(seed) });
      const ran: number[] = [];
      for (let i = 0; i < 20; i++) scheduler.microtask(() => ran.push(i));
      scheduler.run();
      return ran;
    };
    t.same(orderOf(1), orderOf(1));
    t.not(orderOf(1).join(), orderOf(2).join());
  });

  t.test("runAsync waits for turns that promises schedule", async (t) => {
    const scheduler = new ManualScheduler();
    let done = false;
    scheduler.microtask(() => {
      void Promise.resolve().then(() =>
        scheduler.microtask(() => {
          done = true;
        }),
      );
    });
    await scheduler.runAsync();
    t.equal(done, true);
  });
});
