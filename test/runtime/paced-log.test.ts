import t from "tap";
import { type LogFields, silentLog } from "../../runtime/index.ts";
import { PacedLog } from "../../runtime/paced-log.ts";
import { ManualClock } from "../../runtime/testing/index.ts";

t.test("PacedLog", async (t) => {
  const clock = new ManualClock();
  const lines: [string, LogFields][] = [];
  const write = (fields: LogFields, message: string) => void lines.push([message, fields]);
  const log = new PacedLog({ ...silentLog, warn: write, error: write }, clock);

  t.test(
    "I1: writes ten lines of a kind in ten seconds, and then how many it left out",
    async (t) => {
      for (let n = 0; n < 1_000; n++) log.warn({ n }, "refused");
      log.error({}, "another kind");
      t.same(
        lines.map(([message]) => message),
        [...Array<string>(10).fill("refused"), "another kind"],
      );
      clock.advance("10s");
      log.warn({ n: 0 }, "refused");
      t.same(lines.at(-1), ["refused", { n: 0, leftOut: 990 }]);
    },
  );

  t.test("I2: cuts texts that are long", async (t) => {
    log.warn({ to: "x".repeat(1_000_000), n: 1 }, "long");
    const [, { to, n }] = lines.at(-1) ?? ["", {}];
    t.match(to, /^x{300}… \(1000000 characters\)$/);
    t.equal(n, 1);
  });
});
