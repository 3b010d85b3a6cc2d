import { fileURLToPath } from "node:url";
import t from "tap";
import { kernelMutations, type Mutation } from "./kernel-mutations.ts";
import { mutantRun } from "./mutant-run.ts";
import { rewritten } from "./rewrite.ts";

const DIST = fileURLToPath(new URL("../../", import.meta.url));
const OPTIONS = { firstSeed: 1, seeds: 20, timeoutMs: 60_000 };

function named(name: string): Mutation {
  const found = kernelMutations.find((mutation) => mutation.name === name);
  if (found === undefined) throw new Error(`no mutation ${name}`);
  return found;
}

t.test("The planted bugs of the kernel", async (t) => {
  t.test("each has a name of its own and fits the sources in exactly one place", async (t) => {
    const names = new Set(kernelMutations.map(({ name }) => name));
    t.equal(names.size, kernelMutations.length);
    for (const { name, file, find, replace } of kernelMutations) {
      t.doesNotThrow(() => rewritten(DIST, [{ file, find, replace }]), name);
    }
  });

  for (const name of ["capacity-off-by-one", "children-stop-in-start-order"]) {
    t.test(`the models notice ${name}`, async (t) => {
      t.match(await mutantRun([named(name)], OPTIONS), { type: "caught" });
    });
  }

  t.test("a bug that does not fit is not taken for one that was caught", async (t) => {
    const stale = { file: "runtime/kernel/cell.js", find: "no such text", replace: "" };
    t.match(await mutantRun([stale], OPTIONS), { type: "stale", why: /stands 0 times/ });
  });

  t.test("nor is one that names what does not exist", async (t) => {
    const { file, find } = named("pending-reply-not-released");
    const misspelt = { file, find, replace: "queueMicrotask(() => noSuchName());" };
    t.match(await mutantRun([misspelt], OPTIONS), { type: "stale", why: /^ReferenceError/ });
  });
});
