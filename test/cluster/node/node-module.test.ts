import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import type { Node } from "../../../cluster/node/node.ts";
import { type Children, childrenFor, loadNodeModule } from "../../../cluster/node/node-module.ts";
import type { TroupeError } from "../../../runtime/troupe-error.ts";

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
    await writeFile(
      join(folder, "list.mjs"),
      "export const children = [{ definition: {}, start() {} }];",
    );
    await writeFile(join(folder, "maker.mjs"), "export const children = () => [];");
    const list = await loadNodeModule("list.mjs", folder);
    t.equal((list.children as readonly unknown[]).length, 1);
    t.same(list.actors, []);
    t.type((await loadNodeModule(join(folder, "maker.mjs"), "/")).children, "function");
  });

  t.test("may export actors to be run by name, beside its children or instead", async (t) => {
    const actors = 'export const actors = [{ kind: "virtual", name: "a", definition: {} }];';
    await writeFile(join(folder, "actors.mjs"), actors);
    const module = await loadNodeModule("actors.mjs", folder);
    t.same(module.children, []);
    t.match(module.actors, [{ kind: "virtual", name: "a" }]);
  });

  t.test("that is missing, broken or empty is one clear error", async (t) => {
    for (const [name, text, says] of [
      ["none.mjs", undefined, "there is no such file"],
      ["broken.mjs", "export const children = [", "it does not load"],
      ["throws.mjs", "throw new Error('at import');", "at import"],
      [
        "other.mjs",
        "export const things = [];",
        'neither "children" nor "actors" (it exports things)',
      ],
      ["idle.mjs", "export const actors = [];", 'its "actors" is no array'],
      ["odd.mjs", 'export const actors = [{ kind: "ghost" }];', 'its "actors" is no array'],
      ["empty.mjs", "export const children = [];", 'its "children" is no array'],
      ["wrong.mjs", "export const children = [1];", 'its "children" is no array'],
      ["husk.mjs", "export const children = [{ definition: 1 }];", 'its "children" is no array'],
    ] as const) {
      const error = await faultOf(name, text);
      t.equal(error.code, "module.unusable", name);
      t.match(error.message, says, name);
    }
  });

  t.test("regression: of what does not parse it says how to see where", async (t) => {
    await writeFile(join(folder, "inner.mjs"), "export const a = 1;\nexport const b = {{;\n");
    const { message } = await faultOf("outer.mjs", 'export * from "./inner.mjs";');
    t.match(message, /it does not load: Unexpected token '\{' \(node outer\.mjs shows where\)$/);
  });

  t.test("regression: a folder, or nothing, is no file", async (t) => {
    for (const name of [".", ""]) t.match((await faultOf(name)).message, /: it is no file$/);
  });

  t.test("that awaits what never comes is given up", async (t) => {
    await writeFile(join(folder, "never.mjs"), "await new Promise(() => {});");
    await t.rejects(loadNodeModule("never.mjs", folder, { withinMs: 50 }), {
      code: "module.unusable",
      message: /it is not loaded after 0\.05 s/,
    });
  });

  t.test("whose function throws or returns no children is one clear error", (t) => {
    // None of these functions looks at its node.
    const node = {} as Node;
    for (const [returned, says] of [
      [7, "an array of child(…)"],
      [[{}], "an array of child(…)"],
      [Promise.resolve([]), "a promise: await in the module instead"],
    ] as const) {
      const children = (() => returned) as unknown as Children;
      t.throws(() => childrenFor(node, children), {
        code: "module.unusable",
        message: new RegExp(says.replace(/[()]/g, "\\$&")),
      });
    }
    const throwing: Children = () => {
      throw new Error("kaput");
    };
    t.throws(() => childrenFor(node, throwing), { code: "module.unusable", message: /kaput/ });
    t.same(childrenFor(node, []), [], "a node without children is one that only asks");
    t.end();
  });
});
