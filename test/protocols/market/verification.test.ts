import t from "tap";
import {
  checkedShare,
  verdictsOn,
  verificationAdvice,
} from "../../../protocols/market/verification.ts";

t.test("Verification", async (t) => {
  t.test("checks all of the first results of a group, and then a falling share", async (t) => {
    const shares = [1, 4, 8, 40, 400, 4_000].map((n) =>
      checkedShare({ right: n - 0.5, wrong: 0.5 }),
    );
    t.strictSame(shares, [1, 1, 0.5, 0.1, 0.02, 0.02]);
  });

  t.test("checks what is probably wrong, whatever is known", async (t) => {
    t.equal(verificationAdvice({ right: 10, wrong: 90 }, 0.99), "doubt");
    t.equal(verificationAdvice({ right: 90, wrong: 10 }, 0.99), "none");
    t.equal(verificationAdvice({ right: 90, wrong: 10 }, 0.01), "learn");
  });

  t.test("one verified answer is a verdict on every result of the auction", async (t) => {
    const attempt = (bidder: string, result: string) =>
      ({
        outcome: "informed",
        round: 1,
        bidder,
        kind: "k",
        priceMicros: 1,
        valueMicros: 1,
        result,
      }) as const;
    t.strictSame(
      verdictsOn([attempt("a", "MIT"), attempt("b", "ISC")], (result) => result === "MIT"),
      { right: ["a"], wrong: ["b"] },
    );
  });
});
