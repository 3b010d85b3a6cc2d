import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import t from "tap";
import type { Rewrite } from "./rewrite.ts";

const LOADER = new URL("./rewrite-loader.js", import.meta.url).href;
const TARGET = new URL("../../runtime/duration.js", import.meta.url).href;
const FILE = "runtime/duration.js";

/** Imports `duration.js` under the loader and prints what `5s` means there. */
async function fiveSeconds(rewrites: readonly Rewrite[] | undefined): Promise<string> {
  const { TROUPE_REWRITE: _, ...env } = process.env;
  const run = await promisify(execFile)(
    process.execPath,
    [
      "--import",
      LOADER,
      "--input-type=module",
      "--eval",
      `import { durationMs } from ${JSON.stringify(TARGET)}; console.log(durationMs("5s"));`,
    ],
    {
      cwd: fileURLToPath(new URL("./", import.meta.url)),
      env: rewrites === undefined ? env : { ...env, TROUPE_REWRITE: JSON.stringify(rewrites) },
    },
  );
  return run.stdout.trim();
}

t.test("The rewriting loader", async (t) => {
  t.test("I2: without rewrites everything is loaded as it is", async (t) => {
    t.equal(await fiveSeconds(undefined), "5000");
  });

  t.test("loads a rewritten source, rewrites of one file one after the other", async (t) => {
    const find = "export function durationMs(";
    const rewrites = [
      { file: FILE, find, replace: "function planted() { return 7; }\nfunction real(" },
      {
        file: FILE,
        find: "function planted() { return 7; }",
        replace: "export function durationMs() { return 8; } // $&",
      },
    ];
    t.equal(await fiveSeconds(rewrites), "8");
  });

  for (const [why, rewrite] of [
    ["stands 0 times", { file: FILE, find: "no such text", replace: "" }],
    ["stands", { file: FILE, find: "return", replace: "x" }],
    [
      "changes nothing",
      { file: FILE, find: "export function durationMs(", replace: "export function durationMs(" },
    ],
    ["is not below", { file: "../package.json", find: "troupe", replace: "" }],
    ["stands 0 times", { file: "runtime/address.js", find: "no such text", replace: "" }],
  ] as const) {
    t.test(`I1, Z1: ends the process where a rewrite ${why} in ${rewrite.file}`, async (t) => {
      await t.rejects(fiveSeconds([rewrite]), { code: 2, stderr: new RegExp(`rewrite: .*${why}`) });
    });
  }
});
