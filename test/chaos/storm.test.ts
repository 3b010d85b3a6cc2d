import t from "tap";
import { seededRandom } from "../../runtime/ports/random.ts";
import { failPoints, parsedCrash } from "./fail-points.ts";
import { Crashes, drawnLoneFault, drawnStorm, isLeaving, type StormSetting } from "./storm.ts";

const SETTING: StormSetting = {
  nodes: ["n1", "n2", "n3"],
  servers: 1,
  forMs: 60_000,
  everyMs: 500,
};

const seeds = Array.from({ length: 200 }, (_, seed) => seed);

t.test("Storms", async (t) => {
  t.test("B1: the same seed brings the same faults at the same times", async (t) => {
    t.same(drawnStorm(seededRandom(7), SETTING), drawnStorm(seededRandom(7), SETTING));
    t.notSame(drawnStorm(seededRandom(7), SETTING), drawnStorm(seededRandom(8), SETTING));
  });

  t.test("every kind of fault comes, in order, and as long as the storm lasts", async (t) => {
    const storm = drawnStorm(seededRandom(1), SETTING);
    const all = seeds.flatMap((seed) => drawnStorm(seededRandom(seed), SETTING));
    t.equal(new Set(all.map(({ type }) => type)).size, 9);
    t.same(
      storm.map(({ atMs }) => atMs),
      storm.map(({ atMs }) => atMs).toSorted((a, b) => a - b),
    );
    t.ok(storm.every(({ atMs }) => atMs < SETTING.forMs));
    t.ok(storm.length > 80, `${storm.length} faults`);
  });

  t.test("a server is not touched again before it has come back", async (t) => {
    for (const servers of [1, 3] as const)
      for (const seed of seeds) {
        let restsUntilMs = 0;
        for (const fault of drawnStorm(seededRandom(seed), { ...SETTING, servers })) {
          if (!("leader" in fault)) continue;
          if (fault.atMs < restsUntilMs) t.fail(`seed ${seed} at ${fault.atMs}`);
          restsUntilMs = fault.atMs + fault.forMs + 4_000;
        }
      }
  });

  t.test("of three servers none is behind a proxy, and no fault wants one", async (t) => {
    const storm = drawnStorm(seededRandom(1), { ...SETTING, servers: 3 });
    const kinds = new Set(storm.map(({ type }) => type));
    t.same(kinds, new Set(["kill", "server-kill", "pause", "drain", "server-stop"]));
  });

  t.test("a lone fault is one, at once", async (t) => {
    for (const seed of seeds)
      t.match(drawnLoneFault(seededRandom(seed), SETTING), [{ atMs: 0, type: /^(server-)?kill$/ }]);
  });

  t.test("where processes are to be killed is a fail point, each in its turn", async (t) => {
    const random = new Crashes(seededRandom(3));
    const crashes = seeds.map(() => random.next());
    const labels = new Set<string>();
    for (const crash of crashes)
      if (crash !== undefined) labels.add(parsedCrash(crash).point.label);
    t.equal(labels.size, failPoints.length);
    t.ok(crashes.includes(undefined), "or nowhere");
    t.ok(isLeaving("lease.released:1"));
    t.notOk(isLeaving("lease.renewed:1"));
  });
});
