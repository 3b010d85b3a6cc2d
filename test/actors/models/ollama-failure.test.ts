import { t } from "tap";
import { ollamaFailure, rootMessage } from "../../../actors/models/ollama-failure.ts";

const BEFORE = { answered: false, chunks: 0 };
const AFTER = { answered: true, chunks: 3 };

function responseError(status: number, message: string): Error {
  return Object.assign(new Error(message), { name: "ResponseError", status_code: status });
}

t.test("ollamaFailure", async (t) => {
  for (const [status, message, code] of [
    [400, "model is required", "model.failed"],
    [401, "unauthorized", "model.failed"],
    [404, "model 'x' not found", "model.unknown"],
    [404, 'model "x" not found, try pulling it first', "model.unknown"],
    [404, "404 page not found", "model.unavailable"],
    [429, "slow down", "model.overloaded"],
    [500, "out of memory", "model.failed"],
    [502, "bad gateway", "model.unavailable"],
    [503, "server busy", "model.overloaded"],
    [504, "gateway timeout", "model.unavailable"],
  ] as const) {
    t.test(`E2: ${status} ${message} is ${code}`, async (t) => {
      t.same(ollamaFailure(responseError(status, message), BEFORE), { code, message, status });
    });
  }

  t.test(
    "E1: the same broken connection is unavailable before an answer and failed after",
    async (t) => {
      const broken = new TypeError("terminated", { cause: new Error("other side closed") });
      t.same(ollamaFailure(broken, BEFORE), {
        code: "model.unavailable",
        message: "other side closed",
      });
      t.same(ollamaFailure(broken, AFTER), {
        code: "model.failed",
        message: "broke off after 3 pieces: other side closed",
      });
    },
  );

  t.test("names the innermost cause, also of several and of a loop", async (t) => {
    const refused = new Error("connect ECONNREFUSED ::1:1");
    const both = new AggregateError([refused, new Error("other")]);
    t.equal(rootMessage(new TypeError("fetch failed", { cause: both })), refused.message);
    const loop = new Error("round");
    loop.cause = loop;
    t.equal(rootMessage(loop), "round");
    t.equal(rootMessage("text"), "text");
  });
});
