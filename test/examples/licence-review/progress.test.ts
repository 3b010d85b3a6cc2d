import { Writable } from "node:stream";
import t from "tap";
import { liveProgress, plainProgress } from "../../../examples/licence-review/progress.ts";
import { ManualClock } from "../../../runtime/testing/index.ts";

t.test("plainProgress", async (t) => {
  const world = () => {
    const clock = new ManualClock();
    const lines: string[] = [];
    return { clock, lines, progress: plainProgress((line) => lines.push(line), clock) };
  };

  t.test("tells at most one line a second of a stage", async (t) => {
    const { clock, lines, progress } = world();
    for (let done = 0; done < 30; done++) {
      progress.report("market", done, 100);
      clock.advance(100);
    }
    t.same(lines, ["market: 0 of 100", "market: 10 of 100", "market: 20 of 100"]);
  });

  t.test("tells the begin and the end of every stage, once", async (t) => {
    const { lines, progress } = world();
    for (const stage of ["hierarchy", "market"]) {
      progress.report(stage, 1, 2);
      progress.report(stage, 2, 2);
      progress.report(stage, 2, 2);
    }
    t.same(lines, ["hierarchy: 1 of 2", "hierarchy: 2 of 2", "market: 1 of 2", "market: 2 of 2"]);
  });

  t.test("says everything else at once", async (t) => {
    const { lines, progress } = world();
    progress.say("n2 was killed");
    progress.say("n2 was killed");
    progress.done();
    t.equal(lines.length, 2);
  });
});

t.test("liveProgress", async (t) => {
  /** A terminal that keeps what is written. */
  class Terminal extends Writable {
    readonly isTTY = true;
    readonly columns = 100;
    readonly rows = 40;
    text = "";
    override _write(chunk: Buffer, _encoding: string, done: () => void): void {
      this.text += chunk.toString();
      done();
    }
  }

  t.test("shows how far a stage is as a bar, and rewrites its line", async (t) => {
    const terminal = new Terminal();
    const progress = liveProgress(terminal as unknown as NodeJS.WriteStream);
    progress.report("market", 0, 10);
    t.match(terminal.text, /market +░{30} 0 of 10/);
    const before = terminal.text.length;
    progress.report("market", 5, 10);
    t.ok(terminal.text.slice(before).includes("\u001b["), "the cursor goes back");
    t.match(terminal.text, /█{15}░{15} 5 of 10/);
    progress.report("empty", 0, 0);
    t.match(terminal.text, /empty +█{30} 0 of 0/);
    progress.say("n2 was killed");
    t.match(terminal.text, /n2 was killed\n$/);
    progress.done();
  });
});
