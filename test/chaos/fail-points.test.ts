import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import t from "tap";
import { startTestServer } from "../cluster/test-server.ts";
import { rewritten } from "../mutants/rewrite.ts";
import { failPoints, parsedCrash, planted } from "./fail-points.ts";

const DIST = fileURLToPath(new URL("../../", import.meta.url));
const LOADER = new URL("./fail-point-loader.js", import.meta.url).href;
const EVERY_STEP = fileURLToPath(new URL("./fixtures/every-step.js", import.meta.url));
/** A core each. */
const AT_A_TIME = 2;

interface Run {
  readonly end: number | string | null;
  readonly said: string;
}

/** Runs the process that passes every fail point, to be killed at one. */
async function run(crashAt: string, args: readonly string[]): Promise<Run> {
  // Without what tap asks of Node: this process is about its end, and there are many of it.
  const { TROUPE_CRASH_AT: _, NODE_OPTIONS: __, ...env } = process.env;
  const child = spawn(process.execPath, ["--import", LOADER, EVERY_STEP, ...args], {
    stdio: ["ignore", "inherit", "pipe"],
    env: crashAt === "" ? env : { ...env, TROUPE_CRASH_AT: crashAt },
  });
  const end = new Promise<Run["end"]>((resolve) =>
    child.once("exit", (code, signal) => resolve(code ?? signal)),
  );
  const said = await text(child.stderr);
  return { end: await end, said };
}

t.test("The fail points", { timeout: 240_000 }, async (t) => {
  t.test("P2: each has a label of its own and fits the sources in exactly one place", async (t) => {
    t.equal(new Set(failPoints.map(({ label }) => label)).size, failPoints.length);
    for (const point of failPoints)
      t.doesNotThrow(() => rewritten(DIST, [planted(point, "reached();")]), point.label);
  });

  t.test("a crash is a label and which time it is reached", async (t) => {
    t.match(parsedCrash("claim.written:3"), { point: { label: "claim.written" }, time: 3 });
    t.match(parsedCrash("claim.written"), { time: 1 });
    for (const wrong of ["claim", "claim.written:0", "claim.written:x", "claim.written:1:2"])
      t.throws(() => parsedCrash(wrong), RangeError, wrong);
  });

  t.test("I2: a label that is none ends the process before it begins", async (t) => {
    const { end, said } = await run("no.such", ["", ""]);
    t.equal(end, 2);
    t.match(said, /^TROUPE_CRASH_AT: no fail point no\.such; there are: node\.leased, /);
  });

  const server = await startTestServer();
  t.teardown(() => server.dispose());

  await t.test("I3: without one the process ends as ever", async (t) => {
    t.same(await run("", [server.url, "whole"]), { end: 0, said: "" });
  });

  await t.test("all of them are reached", async (t) => {
    const { end, said } = await run("*", [server.url, "every"]);
    t.equal(end, 0);
    const reached = said.split("\n").filter((line) => line !== "");
    const expected = failPoints.map(({ label }) => `reached ${label}`);
    t.same(reached.toSorted(), expected.toSorted());
  });

  await t.test("I1: the process that reaches one is killed there", async (t) => {
    // One of each area: where the others are is known by now, and what they do is the same.
    const ofArea = new Map(failPoints.map(({ label }) => [label.split(".")[0], label]));
    const waiting = [...ofArea.values()];
    t.equal(waiting.length, 10);
    const killNext = async (): Promise<void> => {
      for (let label = waiting.shift(); label !== undefined; label = waiting.shift()) {
        const killed = await run(label, [server.url, label.replace(".", "-")]);
        t.same(killed, { end: "SIGKILL", said: `killed at ${label}:1\n` }, label);
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, killNext));
  });

  await t.test("I1: and it is killed at the time that was asked for", async (t) => {
    const { end, said } = await run("lease.renewed:2", [server.url, "second"]);
    t.same({ end, said }, { end: "SIGKILL", said: "killed at lease.renewed:2\n" });
  });
});
