/** A crew of real processes on a real nats-server, one of which ends by itself. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { modelClients } from "../../../actors/index.ts";
import { INTENTS } from "../../../examples/licence-review/answers/intents.ts";
import { runBoard } from "../../../examples/licence-review/board-stage.ts";
import { startCrew } from "../../../examples/licence-review/crew.ts";
import { runDesk } from "../../../examples/licence-review/desk-stage.ts";
import { EventTally } from "../../../examples/licence-review/event-tally.ts";
import { findLicenceFiles } from "../../../examples/licence-review/files/licence-files.ts";
import { runMarket } from "../../../examples/licence-review/market-stage.ts";
import { runPipeline } from "../../../examples/licence-review/pipeline-stage.ts";
import { seededRandom, silentLog, systemClock, type TroupeEvent } from "../../../runtime/index.ts";
import { DEPENDENCIES, silentProgress } from "./memory-crew.ts";

t.setTimeout(120_000);

t.test("A crew", async (t) => {
  const storeDir = mkdtempSync(join(tmpdir(), "troupe-crew-test-"));
  const tally = new EventTally();
  const said: string[] = [];
  let emitted: (event: TroupeEvent) => void = () => {};
  const crew = await startCrew({
    nodes: 3,
    id: "crew-test",
    storeDir,
    model: "builtin",
    models: await modelClients({
      model: "builtin",
      ollamaHost: undefined,
      log: silentLog,
      clock: systemClock,
    }),
    clock: systemClock,
    log: silentLog,
    record: (event) => {
      tally.record(event);
      emitted(event);
    },
    signal: new AbortController().signal,
    say: (line) => said.push(line),
  });
  t.teardown(async () => {
    await crew.stop();
    rmSync(storeDir, { recursive: true, force: true });
  });
  const progress = silentProgress;
  const root = DEPENDENCIES;
  const documents = findLicenceFiles(root).documents.slice(0, 40);

  /** Ends a node's process from outside, as somebody else's kill would, once `when` has happened. */
  const endsOnce = (name: string, when: (event: TroupeEvent) => boolean): void => {
    const pid = crew.members.find((member) => member.name === name)?.pid;
    if (pid === undefined) throw new Error(`${name} is not of the crew`);
    emitted = (event) => {
      if (!when(event)) return;
      emitted = () => {};
      process.kill(pid, "SIGKILL");
    };
  };

  t.test("C2: is whole at first", async (t) => {
    t.same(crew.alive, ["n1", "n2", "n3"]);
    t.throws(() => crew.kill("n9"), { name: "RangeError", message: /n9/ });
  });

  t.test(
    "finishes every stage although a node ends by itself in the first and in the last",
    async (t) => {
      endsOnce("n1", ({ type, node }) => type === "task.done" && node === "n1");
      const { files, tasksLost, duplicateResults, skipped } = await runPipeline({
        crew,
        tally,
        progress,
        root,
        documents,
      });
      t.equal(files.length, documents.length);
      t.same(skipped, []);
      t.equal(tasksLost, 0);
      t.equal(duplicateResults, 0);
      t.same(crew.alive, ["n2", "n3"]);
      t.match(crew.members, [{ name: "n1", killed: false, died: true }, {}, {}]);
      t.same(said, ["n1 has ended by itself; the others go on"]);

      const questions = INTENTS.map(({ question }) => question);
      const answers = await runDesk({ crew, progress, files, questions });
      t.ok(answers.every(({ outcome }) => outcome === "answered"));

      const { without } = await runBoard({ crew, progress, root, files });
      t.equal(without.settled.size + without.open.size, files.length);

      endsOnce("n3", ({ type }) => type === "auction.awarded");
      const outcome = await runMarket({ crew, progress, root, files, random: seededRandom(1) });
      t.equal(outcome.sold.length, files.length);
      t.ok(outcome.sold.filter(({ licence }) => licence !== null).length > 0.9 * files.length);
      for (const sold of outcome.alone.values()) t.equal(sold.length, files.length);
      t.same(crew.alive, ["n2"]);
      await crew.flush();
    },
  );
});
