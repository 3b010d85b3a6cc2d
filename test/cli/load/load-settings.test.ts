import t from "tap";
import {
  generatorPace,
  type LoadOptionsGiven,
  type LoadSettings,
  loadSettings,
} from "../../../cli/load/load-settings.ts";

const GIVEN: LoadOptionsGiven = {
  keys: 10,
  duration: 1_000,
  warmup: 0,
  drain: 1_000,
  maxInFlight: 100,
  generators: 3,
  log: "error",
  model: "builtin",
};

function settingsOf(rest: Partial<LoadOptionsGiven>): LoadSettings {
  return loadSettings({ ...GIVEN, ...rest }, { echo: "echo.js", seed: 5 });
}

t.test("loadSettings", async (t) => {
  t.test("starts three nodes by default, and none where a server is given", async (t) => {
    t.match(settingsOf({}), { nodes: 3, cluster: undefined });
    t.match(settingsOf({ nats: "nats://x" }), { nodes: 0, cluster: "troupe" });
    t.match(settingsOf({ nats: "nats://x", nodes: 2 }), { nodes: 2, cluster: undefined });
    t.match(settingsOf({ nats: "nats://x", cluster: "prod" }), { nodes: 0, cluster: "prod" });
  });

  t.test("gives work more time than answers, unless it is told", async (t) => {
    t.equal(settingsOf({}).timeoutMs, 5_000);
    t.equal(settingsOf({ capability: "a@1", module: "m.js" }).timeoutMs, 30_000);
    t.equal(settingsOf({ pattern: "market" }).timeoutMs, 30_000);
    t.equal(settingsOf({ pattern: "market", timeout: 7 }).timeoutMs, 7);
  });

  t.test("is a closed loop of 64 where no pace is given", async (t) => {
    t.same(settingsOf({}).loop, { kind: "closed", concurrency: 64 });
  });
});

t.test("generatorPace", async (t) => {
  const paces = (settings: LoadSettings) =>
    [0, 1, 2].map((index) => generatorPace(settings, index));

  t.test("shares a concurrency out without losing any", async (t) => {
    t.same(paces(settingsOf({ concurrency: 8 })), [
      { kind: "concurrency", concurrency: 3 },
      { kind: "concurrency", concurrency: 3 },
      { kind: "concurrency", concurrency: 2 },
    ]);
  });

  t.test("gives each the whole rate, of which it takes its share", async (t) => {
    const arrivals = { kind: "schedule", arrivals: "burst" } as const;
    for (const pace of paces(settingsOf({ rate: 90, arrivals }))) {
      t.same(pace, { kind: "rate", rateHz: 90, arrivals: "burst" });
    }
  });
});
