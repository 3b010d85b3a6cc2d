import { execFile } from "node:child_process";
import { promisify } from "node:util";
import t from "tap";

const run = promisify(execFile);

/**
 * What an example prints; fails unless it ends by itself with exit code 0 and without an error.
 *
 * Warnings pass: on a machine that is busy elsewhere the runtime rightly says that a turn took long.
 */
async function printed(example: string): Promise<string> {
  const file = new URL(`../../examples/${example}.js`, import.meta.url).pathname;
  const { stdout, stderr } = await run(process.execPath, [file], { timeout: 20_000 });
  const complaints = stderr.split("\n").filter((line) => line !== "" && !isWarning(line));
  if (complaints.length > 0) throw new Error(`${example} complained: ${complaints.join("\n")}`);
  return stdout;
}

/** Whether a line is a log entry below pino's level of errors. */
function isWarning(line: string): boolean {
  const level = /^\{"level":(\d+),/.exec(line)?.[1];
  return level !== undefined && Number(level) < 50;
}

t.test("The hierarchy example", async (t) => {
  t.test("answers, escalates and clarifies", async (t) => {
    const lines = (await printed("02-hierarchy")).trim().split("\n");
    t.match(lines, [/→ answered: .*paid back/, /→ escalated: .*refused/, /→ clarify/, /no-intent/]);
  });
});

t.test("The market example", async (t) => {
  t.test("ends near the dear bidder's quality at a fraction of its cost", async (t) => {
    const found = /(\d+) of 300 right at (\d+) %/.exec(await printed("04-market"));
    t.ok(Number(found?.[1]) >= 297, `${found?.[1]} right`);
    t.ok(Number(found?.[2]) <= 60, `${found?.[2]} % of the cost`);
  });
});
