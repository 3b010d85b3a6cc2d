import t from "tap";
import type { HeartbeatState } from "../../../cluster/membership/heartbeat.ts";
import type { MembershipView } from "../../../cluster/membership/membership-view.ts";
import { membershipView } from "../../../cluster/membership/membership-view.ts";

const self = { name: "n1", incarnation: "5" };
const traits = { roles: ["code"], capacity: 2, metadata: { zone: "a" } };

function viewed(): { view: MembershipView; changes: string[] } {
  const view = membershipView(self, { ...traits, roles: ["text"] }, 0);
  const changes: string[] = [];
  view.onChange((member, previous) =>
    changes.push(`${member.name}#${member.incarnation} ${previous ?? "new"}>${member.phase}`),
  );
  return { view, changes };
}

function beat(
  view: MembershipView,
  incarnation: string,
  atMs: number,
  { lagMs = 0, state = "up" }: { lagMs?: number; state?: HeartbeatState } = {},
): void {
  view.heard({ name: "n2", beat: { incarnation, state, lagMs, ...traits }, atMs });
}

t.test("the membership view", async (t) => {
  t.test("begins with this node and learns others by beat or by lease", async (t) => {
    const { view, changes } = viewed();
    t.same(
      view.members().map((m) => m.name),
      ["n1"],
    );
    beat(view, "6", 0);
    view.leased({ name: "n3", incarnation: "7", ...traits }, 0);
    t.same(changes, ["n2#6 new>up", "n3#7 new>up"]);
    t.equal(view.phaseOf({ name: "n2", incarnation: "6" }), "up");
    t.equal(view.phaseOf({ name: "n4", incarnation: "6" }), undefined);
    for (const name of ["n2", "n3"])
      t.match(
        view.members().find((member) => member.name === name),
        { capacity: 2, metadata: { zone: "a" } },
        "with all that they say of themselves",
      );
  });

  t.test("regression V5: forgets who went long ago, however many names come and go", async (t) => {
    const { view } = viewed();
    beat(view, "6", 0);
    for (let n = 0; n < 1_100; n++) {
      const node = { name: `pod-${n}`, incarnation: "7" };
      view.leased({ ...node, ...traits }, n);
      view.ended(node);
    }
    t.equal(view.members().length, 2 + 1_024);
    t.equal(view.phaseOf({ name: "pod-1099", incarnation: "7" }), "down");
    t.equal(view.phaseOf({ name: "pod-0", incarnation: "7" }), undefined);
    t.equal(view.phaseOf({ name: "n2", incarnation: "6" }), "up", "not one that lives");
  });

  t.test("V3: silence suspects, a beat takes it back, a lost lease ends it", async (t) => {
    const { view, changes } = viewed();
    beat(view, "6", 0);
    view.checked(3_000);
    beat(view, "6", 3_100);
    view.checked(6_000);
    view.ended({ name: "n2", incarnation: "6" });
    t.same(changes, [
      "n2#6 new>up",
      "n2#6 up>suspected",
      "n2#6 suspected>up",
      "n2#6 up>suspected",
      "n2#6 suspected>down",
    ]);
  });

  t.test("V2: what is down never comes back, a newer incarnation does", async (t) => {
    const { view, changes } = viewed();
    beat(view, "6", 0);
    view.ended({ name: "n2", incarnation: "6" });
    beat(view, "6", 10);
    view.leased({ name: "n2", incarnation: "6", ...traits }, 20);
    beat(view, "4", 30);
    t.equal(view.phaseOf({ name: "n2", incarnation: "6" }), "down");
    beat(view, "8", 40);
    t.same(changes, ["n2#6 new>up", "n2#6 up>down", "n2#8 new>up"]);
    t.equal(view.phaseOf({ name: "n2", incarnation: "6" }), "down");
  });

  t.test("V1: a newer incarnation means that the older one is down", async (t) => {
    const { view, changes } = viewed();
    beat(view, "6", 0);
    beat(view, "8", 100);
    t.same(changes, ["n2#6 new>up", "n2#6 up>down", "n2#8 new>up"]);
  });

  t.test("V4: this node never suspects itself; its lag makes it degraded", async (t) => {
    const { view } = viewed();
    view.checked(60_000);
    t.equal(view.phaseOf(self), "up");
    view.heard({
      name: "n1",
      beat: { incarnation: "5", state: "up", lagMs: 1_500, ...traits },
      atMs: 60_000,
    });
    t.equal(view.phaseOf(self), "degraded");
  });

  t.test("a lagging member is degraded, a leaving one draining", async (t) => {
    const { view } = viewed();
    beat(view, "6", 0, { lagMs: 2_000 });
    t.equal(view.phaseOf({ name: "n2", incarnation: "6" }), "degraded");
    beat(view, "6", 1_000);
    t.equal(view.phaseOf({ name: "n2", incarnation: "6" }), "up");
    beat(view, "6", 2_000, { state: "draining" });
    t.equal(view.phaseOf({ name: "n2", incarnation: "6" }), "draining");
  });

  t.test("a selection is told of what was selected, and of nothing else", async (t) => {
    const { view } = viewed();
    const coders = view.select((members) =>
      members.filter(({ phase, roles }) => phase === "up" && roles.includes("code")),
    );
    const count = view.select((members) => members.length);
    const names: string[][] = [];
    const counts: number[] = [];
    const cancel = coders.subscribe((members) => names.push(members.map(({ name }) => name)));
    count.subscribe((n) => counts.push(n));
    beat(view, "6", 0);
    for (let second = 1; second < 10; second++) {
      beat(view, "6", second * 1_000);
      view.checked(second * 1_000 + 250);
    }
    t.same(names, [["n2"]], "a heartbeat that changes nothing is no news");
    view.checked(13_000);
    t.same(names, [["n2"], []], "suspected");
    t.same(coders.get(), []);
    cancel();
    beat(view, "6", 13_100);
    t.same(names.length, 2);
    t.equal(coders.get().length, 1, "it is read as it is, listened to or not");
    t.same(counts, [2]);
  });

  t.test("the observer's own pause suspects nobody", async (t) => {
    const { view, changes } = viewed();
    beat(view, "6", 0);
    view.paused(9_000, 8_900);
    view.checked(9_000);
    t.same(changes, ["n2#6 new>up"]);
  });
});
