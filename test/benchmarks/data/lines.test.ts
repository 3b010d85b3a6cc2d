import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { readdir, readFile, readlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Worker } from "node:worker_threads";
import { createGzip, gzipSync } from "node:zlib";
import t from "tap";
import { linesOf } from "../../../benchmarks/data/lines.ts";
import { eventually } from "../../cluster/server-under-test.ts";
import { all, dataFolder } from "./data-under-test.ts";

/** The open descriptors of this process that lead to `path`. */
async function openAt(path: string): Promise<number> {
  const links = (await readdir("/proc/self/fd")).map((fd) =>
    readlink(join("/proc/self/fd", fd)).catch(() => ""),
  );
  return (await Promise.all(links)).filter((link) => link === path).length;
}

t.test("Lines", async (t) => {
  t.test("are those of the file, plain or gzipped, with or without a last end", async (t) => {
    const folder = await dataFolder(t);
    for (const [name, text] of [
      ["a.csv", "one\ntwo\r\n\nfour\n"],
      ["b.csv", "one\ntwo\n\nfour"],
    ] as const) {
      const path = join(folder, name);
      await writeFile(path, text);
      await writeFile(`${path}.gz`, gzipSync(text));
      t.strictSame(await all(linesOf(path)), ["one", "two", "", "four"]);
      t.strictSame(await all(linesOf(`${path}.gz`)), ["one", "two", "", "four"]);
    }
  });

  t.test("keep characters whole that the file's chunks cut apart", async (t) => {
    const path = join(await dataFolder(t), "a.jsonl");
    const line = "a€".repeat(100_000);
    await writeFile(path, `${line}\n${line}`);
    t.strictSame(await all(linesOf(path)), [line, line]);
  });

  t.test("T1: 200 MB of them are read with 16 MB of memory", async (t) => {
    const path = join(await dataFolder(t), "a.jsonl.gz");
    const line = `{"prompt":"${"x".repeat(1_000)}"}\n`.repeat(100);
    const copies = Math.ceil((200 * 1024 * 1024) / line.length);
    const text = Readable.from(Array.from({ length: copies }, () => line));
    await pipeline(text, createGzip({ level: 1 }), createWriteStream(path));
    const worker = new Worker(new URL("./fixtures/count-lines.js", import.meta.url), {
      workerData: path,
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 8 },
    });
    const [count] = await once(worker, "message");
    t.equal(count, copies * 100);
    await worker.terminate();
  });

  t.test("T1: one without end is refused", async (t) => {
    const path = join(await dataFolder(t), "a.jsonl");
    await writeFile(path, "x".repeat(5 * 1024 * 1024));
    await t.rejects(all(linesOf(path)), { message: /cannot be read: a line is longer than/ });
  });

  t.test("T2: leave no open file when reading stops early", async (t) => {
    const path = join(await dataFolder(t), "a.jsonl.gz");
    // Long enough not to be at its end when its first line is out.
    await writeFile(path, gzipSync(`line\n${randomBytes(2_000_000).toString("hex")}\n`));
    for await (const line of linesOf(path)) {
      t.equal(line, "line");
      t.equal(await openAt(path), 1);
      break;
    }
    t.ok(await eventually(async () => (await openAt(path)) === 0, 2_000));
  });

  t.test("of a file that is missing, cut off or not gzipped are an error", async (t) => {
    const folder = await dataFolder(t);
    const path = join(folder, "a.jsonl.gz");
    const failure = { message: new RegExp(`^${path} cannot be read: .`) };
    await t.rejects(all(linesOf(path)), failure);
    await writeFile(path, "plain");
    await t.rejects(all(linesOf(path)), failure);
    const whole = gzipSync((await readFile("package.json", "utf8")).repeat(10));
    await writeFile(path, whole.subarray(0, whole.length / 2));
    await t.rejects(all(linesOf(path)), failure);
  });
});
