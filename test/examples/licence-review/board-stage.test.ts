import t from "tap";
import { type BoardResult, runBoard } from "../../../examples/licence-review/board-stage.ts";
import type { KnowledgeSourceName } from "../../../examples/licence-review/methods/hypothesis.ts";
import type { ReviewedFile } from "../../../examples/licence-review/pipeline-stage.ts";
import type { Progress } from "../../../examples/licence-review/progress.ts";
import { Truth } from "../../../examples/licence-review/truth.ts";
import { DEPENDENCIES, memoryCrew, pipelined, silentProgress } from "./memory-crew.ts";

t.setTimeout(120_000);

t.test("The board of unsure files", async (t) => {
  const crew = await memoryCrew(t);
  const { files } = await pipelined(crew, DEPENDENCIES);
  const unsure = files.filter(({ guess }) => guess.unsure);
  const told: (readonly [number, number])[] = [];
  const progress: Progress = {
    ...silentProgress,
    report: (_stage, done, total) => told.push([done, total]),
  };
  const result: BoardResult = await runBoard({ crew, progress, root: DEPENDENCIES, files: unsure });
  const { without, withDeclared } = result;

  t.test("settles at least 0.7 of them and declares the others open", async (t) => {
    t.ok(unsure.length >= 20);
    t.comment(`${without.settled.size} of ${unsure.length} settled`);
    t.ok(without.settled.size / unsure.length >= 0.7);
    for (const { document } of unsure) {
      t.not(without.settled.has(document.id), without.open.has(document.id));
    }
  });

  t.test("agrees with the declarations more often than the first guess", async (t) => {
    const truth = new Truth(DEPENDENCIES);
    const after = (file: ReviewedFile) =>
      without.settled.get(file.document.id)?.licence ?? file.guess.licence;
    const [first, last] = [
      truth.score(unsure, ({ guess }) => guess.licence),
      truth.score(unsure, after),
    ];
    t.comment(`${first.agreed} of ${first.scored} before, ${last.agreed} after`);
    t.ok(last.agreed > first.agreed);
  });

  t.test("leaves what was settled as it is when the declared identifier comes in", async (t) => {
    for (const [id, settled] of without.settled) t.same(withDeclared.settled.get(id), settled, id);
    t.ok(withDeclared.settled.size >= without.settled.size);
    t.comment(`${withDeclared.settled.size - without.settled.size} more settled`);
  });

  t.test("hears nothing from the declared identifier before it is switched on", async (t) => {
    const sources = (open: BoardResult["without"]["open"]): ReadonlySet<KnowledgeSourceName> =>
      new Set(
        [...open.values()].flatMap(({ contenders }) => contenders.flatMap((one) => one.sources)),
      );
    t.notOk(sources(without.open).has("declared"));
    t.notOk(result.explained.some(({ why }) => why.includes("declared posts")));
  });

  t.test("names the reason and the contenders of what stays open", async (t) => {
    for (const { reason, contenders } of without.open.values()) {
      t.match(reason, /too close|too little|no source/);
      t.equal(contenders.length === 0, reason.startsWith("no source"));
      for (const { licence, sources } of contenders) t.ok(licence !== "" && sources.length > 0);
    }
  });

  t.test("explains by the sources that spoke and the words they saw", async (t) => {
    t.ok(result.explained.length > 0);
    for (const { path, why } of result.explained) {
      t.ok(unsure.some(({ document }) => document.path === path));
      t.match(why, /^settlement\./);
      t.match(why, /(title|clauses|similarity|readme) posts .* at 0\.\d\d: “.+”/);
    }
  });

  t.test("tells how far it is", async (t) => {
    t.ok(told.length >= 2);
    t.ok(told.every(([done, total]) => total === unsure.length && done <= total));
    t.same(told.at(-1), [withDeclared.settled.size, unsure.length]);
  });

  t.test("is at rest at once when there is nothing to settle", async (t) => {
    const idle = await memoryCrew(t);
    const nothing = await runBoard({ crew: idle, progress, root: DEPENDENCIES, files: [] });
    t.equal(nothing.entries, 0);
    t.equal(nothing.without.settled.size + nothing.without.open.size, 0);
  });

  t.test("goes on without a source that never joined", async (t) => {
    const bare = await memoryCrew(t, "bare");
    const some = unsure.slice(0, 3);
    const alone = await runBoard({ crew: bare, progress, root: DEPENDENCIES, files: some });
    t.equal(alone.without.open.size, some.length);
    t.match([...alone.without.open.values()], [{ reason: /no source/, contenders: [] }]);
  });
});
