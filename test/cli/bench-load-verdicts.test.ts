import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { SHORT, TARGET } from "./load-under-test.ts";
import { troupe } from "./troupe-command.ts";

t.setTimeout(600_000);

t.test("troupe bench load, its verdicts", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "troupe-test-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const base = ["bench", "load", "--module", TARGET, "--nodes", "1", ...SHORT];
  const waiting = [...base, "--op", "wait", "--payload", '{"ms":2}', "--rate", "100"];
  const former = join(folder, "former.json");

  t.test("prints a line for each objective and fails when one is missed", async (t) => {
    const run = await troupe([...waiting, "--slo", "errors<=0%,p50<1us,rate>1", "--json"]);
    t.equal(run.exitCode, 1);
    t.match(run.stderr, /^✓ met {4}errors<=0% \(0\.000%\)$/m);
    t.match(run.stderr, /^✗ missed p50<1us \(/m);
    t.match(JSON.parse(run.stdout).objectives, [{ met: true }, { met: false }, { met: true }]);
    await writeFile(former, run.stdout);
  });

  t.test("compares with a former report and writes a page that needs nothing else", async (t) => {
    const page = join(folder, "report.html");
    const run = await troupe([...waiting, "--compare", former, "--html", page, "--slo", "p99<1m"]);
    t.equal(run.exitCode, 0, run.stderr);
    t.match(run.stdout, /^compared +before +after +change +by chance$/m);
    t.match(run.stdout, /^p99 .* (better|worse|within the noise|too few to say)$/m);
    t.match(run.stdout, /^✓ met {4}p99<1m/m);
    const html = await readFile(page, "utf8");
    t.notMatch(html, /(?:src|href)=|https?:|@import|url\(/, "nothing is loaded from anywhere");
    t.match(html, /<h3>Percentiles<\/h3>/);
    t.match(html, /latency before/);
    t.match(html, /<h3>Processor<\/h3>/);
  });

  t.test("R3: prints no figure of a run in which nothing succeeded, and fails", async (t) => {
    const refused = join(folder, "refused.json");
    const run = await troupe([
      ...base,
      "--op",
      "meter@1.refuse",
      "--rate",
      "50",
      "--slo",
      "p99<1m",
    ]);
    t.equal(run.exitCode, 1);
    t.match(run.stdout, /^50\/s constant, 1\.0 s: 0 of 50 ok$/m);
    t.match(run.stdout, /^! nothing succeeded, so there is nothing to measure$/m);
    t.match(run.stdout, /^! 50 failed: refused: meter\.tired/m);
    t.match(run.stdout, /^✗ missed p99<1m \(nothing succeeded\)$/m);
    t.notMatch(run.stdout, /p99\.9/);
    const again = await troupe([...base, "--op", "meter@1.refuse", "--rate", "50", "--json"]);
    await writeFile(refused, again.stdout);
    const compared = await troupe([...waiting, "--compare", refused]);
    t.equal(compared.exitCode, 2);
    t.match(compared.stderr, /--compare .*refused\.json: nothing succeeded in that run/);
  });

  t.test("says in one line what is wrong with what it was given", async (t) => {
    const nothing = join(folder, "nothing.csv");
    await writeFile(nothing, "model,tokens\na,1\n");
    const broken = join(folder, "broken.json");
    await writeFile(broken, '{"a":');
    const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
      [["--rate", "1", "--concurrency", "1"], 2, /give either --rate or --concurrency/],
      [["--duration", "soon"], 2, /a span is like/],
      [["--duration", "0"], 2, /a span is above 0/],
      [["--arrivals", "poisson"], 2, /--arrivals poisson needs --rate/],
      [["--arrivals", "poisson", "--concurrency", "3"], 2, /--arrivals are of an open loop/],
      [["--arrivals", "sometimes"], 2, /arrivals are constant, poisson, burst or trace:FILE/],
      [
        ["--arrivals", `trace:${nothing}`],
        2,
        /no column of times that is plain; it has model, tokens/,
      ],
      [["--arrivals", "trace:/nowhere.csv"], 4, /there is no such file/],
      [["--speed", "2", "--rate", "1"], 2, /--speed and --trace-column are of a trace/],
      [["--op", "a", "--capability", "b"], 2, /give one of --op, --capability and --pattern/],
      [["--capability", "weigh@1"], 2, /--capability needs --module/],
      [
        ["--pattern", "chess"],
        2,
        /a pattern is one of orchestrator, hierarchy, blackboard, market/,
      ],
      [["--pattern", "market", "--nats", "nats://x"], 2, /--pattern brings its own actors/],
      [["--payload", '{"a":'], 2, /--payload is no JSON/],
      [["--payload", broken], 2, /broken\.json is no JSON/],
      [["--payload", "nowhere.json"], 4, /nowhere\.json: neither JSON nor a file/],
      [["--slo", "p99<200ms,q9<1ms"], 2, /at character 11: "q9" is none of/],
      [["--compare", "nowhere.json"], 4, /there is no such file/],
      [["--compare", broken], 2, /it is no JSON/],
      [["--html", "/nowhere/report.html"], 2, /--html \/nowhere\/report\.html cannot be written/],
      [["--generators", "4", "--concurrency", "2"], 2, /leaves nothing for some of 4 generators/],
      [
        ["--module", "nowhere.js"],
        78,
        /nowhere\.js cannot be run as a node: there is no such file/,
      ],
      [["--module", TARGET, "--op", "other@1.x"], 4, /no actor of other@1 .* it has meter@1/],
      [["--module", TARGET, "--op", "meter@1.x"], 4, /no operation x: meter@1 has wait, note/],
      [
        ["--module", TARGET, "--actor", "who"],
        4,
        /no actor who .* it has meter, scale, pool, session/,
      ],
    ];
    for (const [args, exitCode, line] of cases) {
      const run = await troupe(["bench", "load", ...args]);
      t.equal(run.exitCode, exitCode, `${args.join(" ")}: ${run.stderr}`);
      t.match(run.stderr, line);
      t.equal(run.stdout, "");
      t.notMatch(run.stderr, /\n {4}at /, "no stack");
    }
  });

  t.test("says that nobody has a capability, and that a first task fails", async (t) => {
    const absent = await troupe([...base, "--capability", "fly@1", "--rate", "5"]);
    t.equal(absent.exitCode, 4);
    t.match(absent.stderr, /nobody took a task of fly@1 within 15 s: no node of cluster/);
    const bad = ["--capability", "weigh@1", "--payload", '{"grams":-1}', "--rate", "5"];
    const failing = await troupe([...base, ...bad]);
    t.equal(failing.exitCode, 1);
    t.match(failing.stderr, /a first task of weigh@1 failed.*nothing weighs less than nothing/);
  });
});
