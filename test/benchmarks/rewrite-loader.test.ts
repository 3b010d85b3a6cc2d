import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import t from "tap";
import { rewritten } from "../../benchmarks/rewrite-loader.ts";

const run = promisify(execFile);
const LOADER = fileURLToPath(new URL("../../benchmarks/rewrite-loader.js", import.meta.url));
const RESULT = new URL("../../benchmarks/samples.js", import.meta.url).href;

const rewrite = (find: string, replace: string) => ({
  file: "benchmarks/samples.js",
  find,
  replace,
});

/** The median of 1, 2 and 3 as a process with these rewrites sees it. */
function medianWith(rewrites: readonly unknown[]): Promise<{ readonly stdout: string }> {
  const script = `import { median } from ${JSON.stringify(RESULT)}; console.log(median([1, 2, 3]));`;
  return run(process.execPath, ["--import", LOADER, "--input-type=module", "--eval", script], {
    env: { ...process.env, TROUPE_REWRITE: JSON.stringify(rewrites) },
  });
}

t.test("The loader that rewrites", async (t) => {
  t.test("changes a source when it is loaded", async (t) => {
    const sorted = "const half = sorted.length / 2;";
    const { stdout } = await medianWith([rewrite(sorted, "return 42;")]);
    t.equal(stdout.trim(), "42");
    t.equal((await medianWith([])).stdout.trim(), "2");
  });

  t.test("R1: ends the process when a text is not there, or more than once", async (t) => {
    const { stderr } = await medianWith([rewrite("nowhere to be found", "")]).then(
      () => ({ stderr: "it went well" }),
      (error: { readonly stderr: string }) => error,
    );
    t.match(stderr, /benchmarks\/samples\.js has 0 times, not once: nowhere/);
    t.throws(() => rewritten("a b a", [rewrite("a", "c")]), /has 2 times/);
    t.equal(rewritten("a b", [rewrite("b", "$&c")]), "a $&c", "the replacement is taken literally");
  });
});
