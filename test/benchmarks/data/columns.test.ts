import t from "tap";
import {
  type Columns,
  modelsFromJson,
  rowFromCsv,
  rowFromJson,
} from "../../../benchmarks/data/columns.ts";

interface Row {
  readonly id: string;
  readonly right: 0 | 1;
  readonly cost: readonly number[];
  readonly q: readonly (number | null)[];
  readonly marks: string;
}

const COLUMNS: Columns<Row> = {
  id: "text",
  right: "flag",
  cost: "numbers",
  q: "scores",
  marks: "marks",
};
const MODELS = ["a", "b"];
const ROW = { id: "x", right: 1, cost: [0.5, 2], q: [null, 1], marks: "?1" };

t.test("A row of JSON", async (t) => {
  t.test("C1: is taken when each column is of its kind", async (t) => {
    const read = rowFromJson(COLUMNS, JSON.stringify(ROW), MODELS);
    t.strictSame(read, { ok: true, value: ROW });
  });

  t.test("C1, C2: is refused when one is not, and the sentence says which", async (t) => {
    const wrong: readonly (readonly [Readonly<Record<string, unknown>>, string])[] = [
      [{ ...ROW, id: 7 }, "has a id that is no text: 7"],
      [{ ...ROW, right: true }, "has a right that is no flag: true"],
      [{ ...ROW, right: 2 }, "has a right that is no flag: 2"],
      [{ ...ROW, cost: [1] }, "has a cost that is no numbers: [1]"],
      [{ ...ROW, cost: [1, null] }, "has a cost that is no numbers: [1,null]"],
      [{ ...ROW, q: [1, 0, 1] }, "has a q that is no scores: [1,0,1]"],
      [{ ...ROW, q: ["1", 0] }, 'has a q that is no scores: ["1",0]'],
      [{ ...ROW, marks: "1" }, 'has a marks that is no marks: "1"'],
      [{ ...ROW, marks: "12" }, 'has a marks that is no marks: "12"'],
      [{ ...ROW, more: 1 }, "has a column more that is not known"],
      [{ right: 1 }, "has a id that is no text: nothing"],
    ];
    for (const [row, error] of wrong) {
      const read = rowFromJson(COLUMNS, JSON.stringify(row), MODELS);
      t.strictSame(read, { ok: false, error });
    }
    for (const line of ["", "7", "null", '{"id":']) {
      const read = rowFromJson(COLUMNS, line, MODELS);
      t.strictSame(read, { ok: false, error: "is no JSON object" });
    }
  });
});

t.test("A row of CSV", async (t) => {
  const columns: Columns<{ readonly ms: number; readonly service: string }> = {
    ms: "number",
    service: "text",
  };

  t.test("C1: has as many cells as columns, and numbers where they belong", async (t) => {
    const read = rowFromCsv(columns, "25,007");
    t.strictSame(read, { ok: true, value: { ms: 25, service: "007" } });
    for (const [line, error] of [
      ["25", "has 1 cells, not 2: 25"],
      ["25,a,b", "has 3 cells, not 2: 25,a,b"],
      ["soon,a", "has a ms that is no number: null"],
      [",a", 'has a ms that is no number: ""'],
    ] as const)
      t.strictSame(rowFromCsv(columns, line), { ok: false, error });
  });
});

t.test("The models", async (t) => {
  t.test("are named by the first line", async (t) => {
    t.strictSame(modelsFromJson('{"models":["a","b"]}'), { ok: true, value: ["a", "b"] });
    for (const line of ["", "{}", '{"models":[]}', '{"models":[1]}', '{"id":"x"}'])
      t.strictSame(modelsFromJson(line), { ok: false, error: "does not name its models" });
  });
});
