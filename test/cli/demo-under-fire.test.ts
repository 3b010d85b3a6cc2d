/** The review while somebody interrupts it, kills its parts, or stops reading. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "nats";
import t, { type Test } from "tap";
import type { ReviewSummary } from "../../examples/licence-review/summary.ts";
import { runs, startServer } from "../cluster/server-under-test.ts";
import { processesWith } from "./troupe-command.ts";

t.setTimeout(300_000);

const MAIN = fileURLToPath(new URL("../../cli/main.js", import.meta.url));
const DEPENDENCIES = fileURLToPath(new URL("../../../node_modules", import.meta.url));

/** A review under way. */
interface Review {
  readonly child: ChildProcess;
  /** Its temporary folder, and the place where it works: nothing else writes there. */
  readonly folder: string;
  /** Resolves when a line on standard error holds `text`. */
  said(text: string): Promise<void>;
  /** Its end, with all that it wrote. */
  readonly end: Promise<{
    readonly exitCode: number | null;
    readonly signal: NodeJS.Signals | null;
    readonly stdout: string;
    readonly stderr: string;
  }>;
}

async function startReview(t: Test, ...flags: readonly string[]): Promise<Review> {
  const folder = await mkdtemp(join(tmpdir(), "troupe-fire-test-"));
  const child = spawn(process.execPath, [MAIN, "demo", "--json", "--dir", DEPENDENCIES, ...flags], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, OLLAMA_HOST: "", TMPDIR: folder },
  });
  t.teardown(async () => {
    child.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  });
  let stdout = "";
  let stderr = "";
  const waiting = new Map<string, () => void>();
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  createInterface(child.stderr).on("line", (line) => {
    stderr += `${line}\n`;
    for (const [text, heard] of waiting) if (line.includes(text)) heard();
  });
  const end = once(child, "close").then(([exitCode, signal]) => {
    return { exitCode, signal, stdout, stderr };
  });
  const said = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      waiting.set(text, resolve);
      if (stderr.includes(text)) resolve();
      void end.then(() => reject(new Error(`it ended before it said "${text}": ${stderr}`)));
    });
  return { child, folder, said, end };
}

/** The pid of a node process of a review. */
async function nodeOf({ child }: Review, name: string): Promise<number> {
  for (const pid of await processesWith(`--name\0${name}\0`)) {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    if (status.includes(`PPid:\t${child.pid}\n`)) return pid;
  }
  throw new Error(`there is no node ${name}`);
}

/** Waits until nothing of a review is left but its report: no server, no store, none of `nodes`. */
async function nothingLeft(
  t: Test,
  { folder }: Review,
  nodes: readonly number[] = [],
): Promise<void> {
  const endMs = performance.now() + 15_000;
  let left: readonly unknown[] = [];
  do {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const stores = (await readdir(folder)).filter((name) => name !== ".troupe");
    left = [...(await processesWith(folder)), ...stores, ...nodes.filter(runs)];
  } while (left.length > 0 && performance.now() < endMs);
  t.same(left, [], "no process and no store are left");
}

t.test("A review that is interrupted", async (t) => {
  t.test("ends its nodes, takes its store away, and dies of the signal", async (t) => {
    const review = await startReview(t);
    await review.said("orchestrator–worker");
    const node = await nodeOf(review, "n1");
    review.child.kill("SIGINT");
    const end = await review.end;
    // The test runner's own hook holds the signal back in every process below it; the code says the same.
    t.ok(end.signal === "SIGINT" || end.exitCode === 130, `${end.signal} ${end.exitCode}`);
    t.equal(end.stdout, "");
    t.match(end.stderr, /^troupe: interrupted by SIGINT$/m);
    t.throws(() => process.kill(node, 0), { code: "ESRCH" });
    await nothingLeft(t, review);
  });

  t.test("leaves nothing behind when it is killed", async (t) => {
    const review = await startReview(t);
    await review.said("orchestrator–worker");
    const nodes = await Promise.all(["n1", "n2", "n3"].map((name) => nodeOf(review, name)));
    review.child.kill("SIGKILL");
    await review.end;
    await nothingLeft(t, review, nodes);
  });
});

t.test("A review that loses a part", async (t) => {
  for (const stage of ["hierarchy", "market"]) {
    t.test(`a node in the stage ${stage}: goes on with the others`, async (t) => {
      const review = await startReview(t, "--no-kill", "--pattern", `orchestrator,${stage}`);
      await review.said(`${stage}: `);
      process.kill(await nodeOf(review, "n2"), "SIGKILL");
      const { exitCode, stdout, stderr } = await review.end;
      t.equal(exitCode, 0, stderr);
      const { documents, hierarchy, market } = JSON.parse(stdout) as ReviewSummary;
      if (hierarchy !== undefined) t.equal(hierarchy.answered, 6);
      if (market !== undefined) {
        t.equal(market.auctions, documents);
        t.ok(market.agreement >= market.best.agreement - 0.01, `agreement ${market.agreement}`);
      }
      await nothingLeft(t, review);
    });
  }

  t.test("its nats-server: says so in one line and ends", async (t) => {
    const review = await startReview(t, "--no-kill");
    await review.said("orchestrator–worker");
    const [server] = await serversOf(review);
    if (server === undefined) throw new Error("there is no server");
    process.kill(server, "SIGKILL");
    const { exitCode, stderr } = await review.end;
    t.equal(exitCode, 69);
    t.match(stderr, /^troupe: nats\.unavailable: the nats-server .* has ended$/m);
    await nothingLeft(t, review);
  });
});

t.test("Two reviews at once on somebody else's server leave nothing there", async (t) => {
  const { server, end } = await startServer();
  t.teardown(end);
  const few = ["--dir", join(DEPENDENCIES, "@types"), "--nodes", "1", "--nats", server.url];
  const reviews = await Promise.all([startReview(t, ...few), startReview(t, ...few)]);
  for (const review of reviews) {
    const { exitCode, stdout, stderr } = await review.end;
    t.equal(exitCode, 0, stderr);
    t.equal((JSON.parse(stdout) as ReviewSummary).orchestrator?.tasksLost, 0);
  }
  const connection = await connect({ servers: server.url });
  const manager = await jetstreamManager(connection);
  t.equal((await manager.getAccountInfo()).streams, 0);
  await connection.close();
});

t.test("A review whose reader has seen enough ends well", async (t) => {
  const review = await startReview(t, "--pattern", "orchestrator", "--no-kill");
  review.child.stdout?.destroy();
  const { exitCode, stderr } = await review.end;
  t.equal(exitCode, 0, stderr);
  t.notMatch(stderr, /EPIPE/);
});

/** The nats-servers that keep their streams in a review's folder, without the shells that watch them. */
async function serversOf({ folder }: Review): Promise<readonly number[]> {
  const found: number[] = [];
  for (const pid of await processesWith(folder)) {
    const name = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "");
    if (name.trim() === "nats-server") found.push(pid);
  }
  return found;
}
