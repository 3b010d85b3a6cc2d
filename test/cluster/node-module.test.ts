import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { loadNodeModule } from "../../cluster/node-module.ts";
import type { TroupeError } from "../../runtime/troupe-error.ts";

t.test("a node's module", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "troupe-module-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const faultOf = async (name: string, text?: string): Promise<TroupeError> => {
    if (text !== undefined) await writeFile(join(folder, name), text);
    try {
      await loadNodeModule(name, folder);
    } catch (error) {
      return error as TroupeError;
    }
    throw new Error("it should have been refused");
  };

  t.test("is loaded with its children, or the function that makes them", async (t) => {
    await writeFile(join(folder, "list.mjs"), "export const children = [{ definition: {} }];");
    await writeFile(join(folder, "maker.mjs"), "export const children = () => [];");
    t.ok(Array.isArray(await loadNodeModule("list.mjs", folder)));
    t.type(await loadNodeModule(join(folder, "maker.mjs"), "/"), "function");
  });

  t.test("that is missing, broken or empty is one clear error", async (t) => {
    for (const [name, text, says] of [
      ["none.mjs", undefined, "there is no such file"],
      ["broken.mjs", "export const children = [", "it does not load"],
      ["throws.mjs", "throw new Error('at import');", "at import"],
      ["other.mjs", "export const actors = [];", 'it exports actors, but no "children"'],
      ["empty.mjs", "export const children = [];", 'its "children" is no array'],
      ["wrong.mjs", "export const children = [1];", 'its "children" is no array'],
    ] as const) {
      const error = await faultOf(name, text);
      t.equal(error.code, "module.unusable", name);
      t.match(error.message, says, name);
    }
  });
});
