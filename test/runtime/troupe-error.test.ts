import t from "tap";
import {
  errorCodes,
  errorFromRecord,
  errorRecord,
  messageOf,
  TroupeError,
} from "../../runtime/index.ts";

t.test("TroupeError", async (t) => {
  t.test(
    "carries code, retry, outcome and data, and crosses the wire without its stack",
    async (t) => {
      const error = new TroupeError("ask.timeout", "late", {
        outcome: "unknown",
        data: { afterMs: 5 },
        cause: new Error("below"),
      });
      t.match(error, {
        name: "TroupeError",
        code: "ask.timeout",
        retry: "after",
        outcome: "unknown",
      });
      const record = errorRecord(error);
      t.same(record, {
        code: "ask.timeout",
        message: "late",
        outcome: "unknown",
        data: { afterMs: 5 },
      });
      const back = errorFromRecord(JSON.parse(JSON.stringify(record)));
      t.match(back, {
        code: "ask.timeout",
        message: "late",
        outcome: "unknown",
        data: { afterMs: 5 },
      });
    },
  );

  t.test("an error of any other kind travels as actor.failed", async (t) => {
    t.same(errorRecord(new Error("x")), { code: "actor.failed", message: "x", outcome: "failed" });
    t.equal(errorFromRecord({ code: "nope" as never, message: "m" }).code, "actor.failed");
    t.same([new Error(""), "text", 7].map(messageOf), ["Error", "text", "thrown: 7"]);
  });

  t.test("every code says whether to try again, and what it means", async (t) => {
    for (const [code, { retry, meaning }] of Object.entries(errorCodes)) {
      t.match(code, /^[a-z]+(\.[a-z-]+)?$/);
      t.ok(["never", "safe", "after"].includes(retry) && meaning.length > 5, code);
    }
  });
});
