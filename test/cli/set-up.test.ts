import { execFile } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import t from "tap";

const SET_UP = new URL(import.meta.resolve("../../../cli/set-up.mjs"));

t.test("regression: the set-up does not empty what node_modules is a link to", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "troupe-set-up-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const [clone, shared] = [join(folder, "clone"), join(folder, "shared")];
  mkdirSync(join(clone, "cli"), { recursive: true });
  mkdirSync(shared);
  copyFileSync(SET_UP, join(clone, "cli", "set-up.mjs"));
  writeFileSync(join(clone, "package-lock.json"), "{}");
  writeFileSync(join(shared, "theirs"), "");
  symlinkSync(shared, join(clone, "node_modules"));
  const run = promisify(execFile)(process.execPath, [join(clone, "cli", "set-up.mjs")]);
  await t.rejects(run, { code: 1, stderr: /^set-up: .*node_modules is a link to .*shared.*\n$/ });
  t.same(readdirSync(shared), ["theirs"]);
});
