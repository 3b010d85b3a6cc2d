import t, { type Test } from "tap";
import { auctioneer } from "../../../actors/index.ts";
import { METHODS, methodBidder } from "../../../examples/licence-review/bidders.ts";
import { Checker, checker } from "../../../examples/licence-review/checker.ts";
import { findLicenceFiles } from "../../../examples/licence-review/files/licence-files.ts";
import { References, textOf } from "../../../examples/licence-review/methods/references.ts";
import { subjectText } from "../../../examples/licence-review/steps.ts";
import { memorySystem } from "../../actors/memory-system.ts";

const references = new References();

function taskOf(t: Test, licence: string, declared: string) {
  const root = t.testdir({
    p: { "package.json": JSON.stringify({ name: "p", license: declared }), LICENSE: licence },
  });
  const [document] = findLicenceFiles(root).documents;
  if (document === undefined) throw new Error("there is one licence file");
  const tokens = subjectText({ root, document })?.words.length ?? 0;
  return { root, document, tokens };
}

t.test("The checker", async (t) => {
  const system = memorySystem(t);
  system.spawn(checker(references), { name: "checker" });
  const ref = system.refOf(Checker, "n1/checker");

  t.test("CK1: settles by the text, whatever the package declares", async (t) => {
    const verdict = await ref.ask("check", taskOf(t, textOf("ISC"), "MIT"));
    t.equal(verdict.licence, "ISC");
  });

  t.test("CK2: costs at least a comparison with every reference text", async (t) => {
    const task = taskOf(t, textOf("ISC"), "ISC");
    const { workUnits } = await ref.ask("check", task);
    const all = await ref.ask("references");
    t.ok(all > 500);
    const { "similarity-all": thorough, title } = await ref.ask("appraise", task);
    t.equal(thorough?.workUnits, task.tokens * all);
    t.equal(workUnits, (thorough?.workUnits ?? 0) + (title?.workUnits ?? 0) + task.tokens);
  });

  t.test("costs nothing where there is nothing to read, and settles nothing", async (t) => {
    const task = taskOf(t, textOf("ISC"), "ISC");
    const gone = { ...task, document: { ...task.document, path: "p/GONE" } };
    t.same(await ref.ask("check", gone), { licence: null, workUnits: 0 });
    t.same((await ref.ask("appraise", gone))["title"], { licence: null, workUnits: 0 });
  });
});

t.test("methodBidder", async (t) => {
  for (const method of METHODS) {
    t.test(`PR1: ${method.kind} bids what its work is then counted to be`, async (t) => {
      const system = memorySystem(t);
      const bidder = system.spawn(methodBidder(method, references), { name: "bidder" });
      await bidder.ready;
      const hall = system.spawn(auctioneer(), { name: "hall" });
      const task = taskOf(t, `${textOf("MIT")}\nand more`, "MIT");
      const outcome = await hall.ask("auction", {
        capability: "licence@1",
        task,
        valueMicros: 1e9,
      });
      if (outcome.kind !== "awarded") throw new Error(`it ended ${outcome.kind}`);
      t.equal(outcome.costMicros, method.price(task.tokens, references));
      t.equal(outcome.best.kind, method.kind);
    });
  }
});
