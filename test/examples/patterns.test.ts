import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import t from "tap";

/** Runs an example as a process of its own; kills it after `deadlineMs`. */
async function run(name: string, deadlineMs = 20_000) {
  const path = fileURLToPath(new URL(`../../examples/${name}.js`, import.meta.url));
  const child = spawn(process.execPath, [path], { stdio: ["ignore", "pipe", "pipe"] });
  const out: string[] = [];
  const err: string[] = [];
  child.stdout.on("data", (chunk) => out.push(String(chunk)));
  child.stderr.on("data", (chunk) => err.push(String(chunk)));
  const timer = setTimeout(() => child.kill("SIGKILL"), deadlineMs);
  const code = await new Promise<number | null>((resolve) => {
    child.on("close", resolve);
  });
  clearTimeout(timer);
  return { code, out: out.join(""), err: err.join("") };
}

t.test("examples", async (t) => {
  t.test(
    "01: the orchestrator's plan is carried out, with the fallback of one assignment",
    async (t) => {
      const { code, out, err } = await run("01-orchestrator-worker");
      t.equal(code, 0, err);
      t.match(out, /done: 7 of 7 done/);
      t.match(out, /sum = 12 \(sum@1 done\)/);
      t.match(out, /read\.cardenio = "lost play" \(read@1 failed\)/);
    },
  );

  t.test("03: the board settles what its sources can, and the rest with the witness", async (t) => {
    const { code, out, err } = await run("03-blackboard");
    t.equal(code, 0, err);
    t.match(out, /quiescent: 1 of 2 settled/);
    t.match(out, /goal: 2 of 2 settled/);
    t.match(out, /settlement\.second: "blackbird" \(0\.97\)/);
    t.match(out, /witness posts "blackbird" at 0\.80: by the witness/);
  });
});
