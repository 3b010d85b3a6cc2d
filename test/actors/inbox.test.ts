import t from "tap";
import { Inbox } from "../../actors/inbox.ts";

t.test("Inbox", async (t) => {
  t.test("wakes its owner once for all that came since it was emptied", async (t) => {
    let wakes = 0;
    const inbox = new Inbox<number>(() => {
      wakes++;
      return true;
    });
    inbox.push(1);
    inbox.push(2);
    t.equal(wakes, 1);
    t.same(inbox.takeAll(), [1, 2]);
    t.same(inbox.takeAll(), []);
    inbox.push(3);
    t.equal(wakes, 2);
  });

  t.test("IN1: tries again with the next push when the wake-up was refused", async (t) => {
    const answers = [false, true];
    let wakes = 0;
    const inbox = new Inbox<number>(() => answers[wakes++] ?? true);
    inbox.push(1);
    inbox.push(2);
    inbox.push(3);
    t.equal(wakes, 2);
    t.same(inbox.takeAll(), [1, 2, 3]);
  });

  t.test("lets a handler wait for an arrival", async (t) => {
    const inbox = new Inbox<number>(() => true);
    const arrived = inbox.arrived();
    inbox.push(1);
    await arrived;
    await inbox.arrived();
    t.same(inbox.takeAll(), [1]);
  });
});
