import type { Server } from "nats";
import t from "tap";
import { AVOID_MS, ServerChoice } from "../../cluster/server-choice.ts";
import { ManualClock } from "../../runtime/testing/manual-clock.ts";

const pool = ["a:1", "b:1", "c:1"].map((listen) => ({ listen })) as unknown as readonly Server[];

t.test("ServerChoice", async (t) => {
  t.test("leaves the choice to the client while it avoids nothing", async (t) => {
    t.equal(new ServerChoice(new ManualClock()).choose(pool, null), null);
  });

  t.test("H1: takes the next in turn that it does not avoid", async (t) => {
    const choice = new ServerChoice(new ManualClock());
    choice.avoid("a:1");
    t.equal(choice.choose(pool, null), pool[1]);
    t.equal(choice.choose(pool.slice(0, 1), null), null, "there is no other");
  });

  t.test("avoids a server for a while", async (t) => {
    const clock = new ManualClock();
    const choice = new ServerChoice(clock);
    choice.avoid("a:1");
    clock.advance(AVOID_MS);
    t.equal(choice.choose(pool, null), null);
  });
});
