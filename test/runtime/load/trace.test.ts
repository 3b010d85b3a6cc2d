import { t } from "tap";
import { parseTrace, playTrace, type Trace } from "../../../runtime/load/trace.ts";

function traceOf(text: string, column?: string): Trace {
  const parsed = parseTrace(text, column);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

t.test("parseTrace", async (t) => {
  t.test("finds a column of milliseconds by its heading", async (t) => {
    const trace = traceOf("ms,service,tokens\n0,conv,374\n4315,conv,396\r\n4400,conv,1\n");
    t.match(trace, { column: "ms", unit: "ms" });
    t.same([...trace.instantsMs], [0, 4_315, 4_400]);
  });

  t.test("reads the Azure LLM trace as its publishers write it", async (t) => {
    const trace = traceOf(
      [
        "TIMESTAMP,ContextTokens,GeneratedTokens",
        "2023-11-16 18:15:46.6805900,374,44",
        "2023-11-16 18:15:50.9951690,396,109",
      ].join("\n"),
    );
    t.match(trace, { column: "TIMESTAMP", unit: "date" });
    t.ok(Math.abs((trace.instantsMs[1] ?? 0) - 4_314.579) < 0.01);
  });

  t.test("C1: sorts what is out of order, and begins at 0", async (t) => {
    t.same([...traceOf("start_s\n12.5\n10\n11").instantsMs], [0, 1_000, 2_500]);
  });

  t.test("takes the column and the unit that it is given, by name or by number", async (t) => {
    t.same([...traceOf("a,b\n1,7\n2,9", "b:s").instantsMs], [0, 2_000]);
    t.same([...traceOf("1,7\n2,9", "2:ms").instantsMs], [0, 2]);
    t.same([...traceOf('"at, ms",x\n"5",1\n8,1', "at, ms:ms").instantsMs], [0, 3]);
  });

  t.test("C3: says what is wrong, and in which line", async (t) => {
    const cases: readonly (readonly [string, string | undefined, RegExp])[] = [
      ["model,tokens\na,1", undefined, /no column of times that is plain; it has model, tokens/],
      ["1,2\n3,4", undefined, /no header: name the column of times like 1:ms/],
      ["time,x\n12,1", undefined, /unit of column "time" is not known: give it as time:ms/],
      ["ms\n1\nsoon\n", undefined, /^line 3: "soon" is no time \(ms\)/],
      ["ms,x\n1,1", "y", /no column "y"; it has ms, x/],
      ["1,2", "3:ms", /no column "3"; it has 2 columns without names/],
      ["ms\n", undefined, /it has no times/],
      ["", undefined, /it has no/],
    ];
    for (const [text, column, message] of cases) {
      t.match(parseTrace(text, column), { ok: false, error: message }, JSON.stringify(text));
    }
  });
});

t.test("playTrace", async (t) => {
  const trace = traceOf("ms\n0\n100\n400\n900");

  t.test("C2: begins again from its start, with the mean gap in between", async (t) => {
    const played = playTrace(trace, { speed: 1 }, 2_500);
    if (!played.ok) return t.fail(played.error);
    t.same([...played.value.instantsMs], [0, 100, 400, 900, 1_200, 1_300, 1_600, 2_100, 2_400]);
    return t.match(played.value, { rounds: 3, speed: 1, rateHz: 4_000 / 1_200 });
  });

  t.test("stretches it to a rate on average", async (t) => {
    const played = playTrace(trace, { rateHz: 100 }, 10_000);
    if (!played.ok) return t.fail(played.error);
    t.equal(played.value.instantsMs.length, 1_000);
    return t.equal(Math.round(played.value.speed), 30);
  });

  t.test("C4: refuses what has no rate or would be endless", async (t) => {
    t.match(playTrace(traceOf("ms\n5"), { speed: 1 }, 100), { ok: false, error: /two requests/ });
    t.match(playTrace(traceOf("ms\n5\n5"), { speed: 1 }, 100), { ok: false });
    t.match(playTrace(trace, { speed: 1e9 }, 100_000), { ok: false, error: /more than 5000000/ });
  });
});
