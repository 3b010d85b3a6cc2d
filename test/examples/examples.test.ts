import { readdir } from "node:fs/promises";
import t from "tap";
import { startNodeProcess } from "../../cli/node-process.ts";
import { systemClock } from "../../runtime/index.ts";
import { troupe } from "../cli/troupe-command.ts";
import { startTestServer } from "../cluster/test-server.ts";
import { exampleFile, printed } from "./example-process.ts";

t.test("The examples", async (t) => {
  const run = new Set<string>();
  const output = (example: string, ...args: readonly string[]): Promise<string> => {
    run.add(example);
    return printed(example, ...args);
  };

  t.test("00: the first actor counts", async (t) => {
    t.equal(await output("00-first-actor"), "total: 42\n");
  });

  t.test("01: the plan is carried out, with the fallback of one assignment", async (t) => {
    const out = await output("01-orchestrator-worker");
    t.match(out, /done: 7 of 7 done/);
    t.match(out, /sum = 12 \(sum@1 done\)/);
    t.match(out, /read\.cardenio = "lost play" \(read@1 failed\)/);
  });

  t.test("02: the desk answers, escalates and clarifies", async (t) => {
    const lines = (await output("02-hierarchy")).trim().split("\n");
    t.match(lines, [/→ answered: .*paid back/, /→ escalated: .*refused/, /→ clarify/, /no-intent/]);
  });

  t.test("03: the board settles what its sources can, and the rest with the witness", async (t) => {
    const out = await output("03-blackboard");
    t.match(out, /quiescent: 1 of 2 settled/);
    t.match(out, /goal: 2 of 2 settled/);
    t.match(out, /settlement\.second: "blackbird" \(0\.97\)/);
    t.match(out, /witness posts "blackbird" at 0\.80: by the witness/);
  });

  t.test("04: the market ends near the dear bidder's quality, far below its cost", async (t) => {
    const found = /(\d+) of 300 right at (\d+) %/.exec(await output("04-market"));
    t.ok(Number(found?.[1]) >= 297, `${found?.[1]} right`);
    t.ok(Number(found?.[2]) <= 60, `${found?.[2]} % of the cost`);
  });

  t.test("05: a node asks an actor of another one by its address", async (t) => {
    t.equal(await output("05-cluster"), "Good evening, Ada (from a/polite)\n");
  });

  t.test("06: a program that is no node asks what `troupe node greeters.js` serves", async (t) => {
    const server = await startTestServer();
    t.teardown(() => server.dispose());
    run.add("greeters");
    const node = await startNodeProcess({
      module: exampleFile("greeters"),
      name: "a",
      natsUrl: server.url,
      cluster: "troupe",
      flags: ["--model", "builtin", "--log", "silent"],
      clock: systemClock,
    });
    t.teardown(() => node.stop());
    t.equal(await output("06-client", server.url), "Good evening, Grace (from a/polite)\n");
  });

  t.test("07: a restarted actor goes on with what is queued, and streams", async (t) => {
    t.equal(await output("07-supervisor-and-stream"), "still\nhere\n2 words\n");
  });

  t.test("08: a machine asks another actor, tries again, and ends with its output", async (t) => {
    t.strictSame((await output("08-machine-actor")).trim().split("\n"), [
      '{"value":"open","context":{"customer":"Ada","cents":420,"receipt":""},"status":"active","tags":[]}',
      "the till is closed",
      "Ada: receipt for 420 cents",
    ]);
  });

  t.test("09: a store's changes are published, and a failed one starts afresh", async (t) => {
    t.strictSame((await output("09-store-actor")).trim().split("\n"), [
      "7 apples",
      "5 apples",
      "9 apples",
      "restarted with 10, then 9",
    ]);
  });

  t.test(
    "10: what finds no room is offered again, and a call that hangs is given up",
    async (t) => {
      t.strictSame((await output("10-overload")).trim().split("\n"), [
        "no room for 16 of 20 pages",
        'not read: {"page":7} (failed)',
        "19 pages read",
      ]);
    },
  );

  t.test("11: a virtual actor's state survives the node that ran it", async (t) => {
    t.equal(await output("11-virtual-actors"), "apples\napples, pears, on another node: true\n");
  });

  t.test("12: a child on another node is started elsewhere when that node goes", async (t) => {
    t.strictSame((await output("12-children-elsewhere")).trim().split("\n"), [
      "it lives on a host: true",
      "now on another: true",
      "the root kept w2",
      "no host is left",
    ]);
  });

  t.test("13: an account is the sum of its events, and reminds itself", async (t) => {
    t.strictSame((await output("13-events-and-reminders")).trim().split("\n"), [
      "balance: 42",
      "deposited 30, deposited 12, closed",
    ]);
  });

  t.test("14: what is published and who ended is told to whoever asked for it", async (t) => {
    t.strictSame((await output("14-watch-and-topics")).trim().split("\n"), [
      "tick 1",
      "tick 2",
      "tick 3",
      "local/guest/ticker ended: normal",
    ]);
  });

  t.test("troupe.config: is what the commands take from the folder that they run in", async (t) => {
    run.add("troupe.config");
    const file = exampleFile("troupe.config");
    const shown = await troupe(["config", "show", "--json", "--config", file]);
    t.equal(shown.exitCode, 0, shown.stderr);
    t.match(shown.stdout, /10\.0\.0\.5:4222/);
  });

  t.test("are all run here", async (t) => {
    const files = await readdir(new URL("../../examples/", import.meta.url));
    const names = files.filter((name) => name.endsWith(".js")).map((name) => name.slice(0, -3));
    t.strictSame(new Set(names), run);
  });
});
