import t from "tap";
import { type MembershipEvent, MemoryMembers, seededRandom } from "../../../runtime/index.ts";
import { ManualClock } from "../../../runtime/testing/index.ts";

const [a, b] = [
  { name: "a", incarnation: "1" },
  { name: "b", incarnation: "1" },
];

t.test("MemoryMembers", async (t) => {
  t.test("M1: who is down stays so", async (t) => {
    const members = new MemoryMembers();
    const view = members.join(a);
    members.join(b);
    const heard: MembershipEvent[] = [];
    view.subscribe((event) => heard.push(event));
    members.move(b, "suspected");
    members.move(b, "down");
    t.equal(view.phaseOf(b), "down");
    t.throws(() => members.move(b, "up"), RangeError);
    t.throws(() => members.move({ name: "c", incarnation: "1" }, "up"), RangeError);
    t.match(heard, [
      { member: { name: "b", phase: "suspected" }, previous: "up" },
      { member: { name: "b", phase: "down" }, previous: "suspected" },
    ]);
  });

  t.test("I2: of a node that joined again the members are its newest incarnation", async (t) => {
    const members = new MemoryMembers();
    const view = members.join(a);
    members.join(b, { roles: ["text"], capacity: 2 });
    const heard: MembershipEvent[] = [];
    view.subscribe((event) => heard.push(event));
    const again = { name: "b", incarnation: "2" };
    members.join(again);
    t.equal(view.phaseOf(b), "down");
    t.equal(members.phaseOf(again), "up");
    t.match(view.members(), [
      { name: "a", phase: "up" },
      { name: "b", incarnation: "2", phase: "up", roles: [], capacity: 1, metadata: {} },
    ]);
    t.match(heard, [{ member: { incarnation: "1" } }, { member: { incarnation: "2" } }]);
  });

  t.test("I1: views learn late, each at its own time, in order", async (t) => {
    const clock = new ManualClock();
    const members = new MemoryMembers({ clock, random: seededRandom(1) });
    const views = [members.join(a), members.join(b)];
    const c = { name: "c", incarnation: "1" };
    members.join(c);
    members.faults.delayMs = [100, 1_000];
    const heard: string[] = [];
    for (const { self, subscribe } of views.map((view) => ({
      self: view.self,
      subscribe: view.subscribe.bind(view),
    }))) {
      subscribe(({ member }) =>
        heard.push(`${self.name}: ${member.phase} at ${clock.monotonicMs()}`),
      );
    }
    members.move(c, "suspected");
    members.move(c, "draining");
    members.faults.delayMs = [0, 0];
    members.move(c, "down");
    t.equal(members.phaseOf(c), "down");
    t.equal(views[0]?.phaseOf(c), "up");
    await clock.advanceAsync("1s");
    for (const name of ["a", "b"]) {
      const phases = heard
        .filter((line) => line.startsWith(name))
        .map((line) => line.split(" ")[1]);
      t.strictSame(phases, ["suspected", "draining", "down"]);
    }
    t.ok(new Set(heard.map((line) => line.split(" at ")[1])).size > 1);
  });
});
