import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import t, { type Test } from "tap";
import {
  type CatalogueEntry,
  DATA_SETS,
  fetchableFile,
  type LeaderboardQuestion,
} from "../../../benchmarks/data/catalogue.ts";
import { dataPlaces, openDataSet, openEntry } from "../../../benchmarks/data/data-set.ts";
import type { AzureRequest } from "../../../benchmarks/data/published-traces.ts";
import { all, dataFolder, LEADERBOARD, TRACE, writeLines } from "./data-under-test.ts";

const AZURE: CatalogueEntry<AzureRequest> = DATA_SETS["azure-llm-2023-conv"];
const OPENLLM: CatalogueEntry<LeaderboardQuestion> = DATA_SETS["openllm-v2"];
/** The trace as its publisher would write it. */
const PUBLISHED = [
  "TIMESTAMP,ContextTokens,GeneratedTokens",
  "2023-11-16 18:00:00.0000000,100,10",
  "2023-11-16 18:00:00.0250000,200,20",
  "2023-11-16 18:00:01.0000000,300,30",
];
const ROWS = [
  { ms: 0, service: "conv", context_tokens: 100, generated_tokens: 10 },
  { ms: 25, service: "conv", context_tokens: 200, generated_tokens: 20 },
  { ms: 1_000, service: "conv", context_tokens: 300, generated_tokens: 30 },
];

async function rowsFrom<Row>(entry: CatalogueEntry<Row>, ...folders: readonly string[]) {
  const set = await openEntry(entry, { folders, cache: "/none" });
  if (!set.ok) throw new Error(set.error);
  return { ...set.value, read: await all(set.value.rows()) };
}

/** A publisher on a real HTTP server. */
async function publish(t: Test, bytes: Uint8Array) {
  let requests = 0;
  const server = createServer((request, response) => {
    requests++;
    response.statusCode = request.url === "/trace.csv" ? 200 : 404;
    response.end(bytes);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/trace.csv`;
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const entry = (changes: { readonly url?: string; readonly sha256?: string } = {}) => ({
    ...AZURE,
    ...(AZURE.published === undefined
      ? {}
      : { published: { ...AZURE.published, url, sha256, ...changes } }),
  });
  return { url, sha256, entry, requests: () => requests };
}

t.test("A data set", async (t) => {
  t.test("has the rows of its file, as often as they are asked for", async (t) => {
    const folder = await dataFolder(t);
    const path = await writeLines(folder, AZURE.file, TRACE);
    const set = await rowsFrom(AZURE, folder);
    t.strictSame(set.read, ROWS);
    t.strictSame(await all(set.rows()), ROWS);
    t.equal(set.path, path);
    t.strictSame(set.models, []);
  });

  t.test("on several models names them and has a value for each", async (t) => {
    const folder = await dataFolder(t);
    await writeLines(folder, OPENLLM.file, LEADERBOARD);
    const set = await rowsFrom(OPENLLM, folder);
    t.strictSame(set.models, ["a", "b"]);
    t.strictSame(set.read, [
      { id: "x/1", q: "10" },
      { id: "x/2", q: "?1" },
    ]);
  });

  t.test("is read from the publisher's own file as well", async (t) => {
    const folder = await dataFolder(t);
    await writeLines(folder, AZURE.published?.name ?? "", PUBLISHED);
    t.strictSame((await rowsFrom(AZURE, folder)).read, ROWS);
  });

  t.test("is taken from the first folder that has it", async (t) => {
    const [first, second] = [await dataFolder(t), await dataFolder(t)];
    const later = await writeLines(second, AZURE.file, TRACE);
    t.equal((await rowsFrom(AZURE, first, second)).path, later);
    const sooner = await writeLines(first, AZURE.published?.name ?? "", PUBLISHED);
    t.equal((await rowsFrom(AZURE, first, second)).path, sooner);
  });

  t.test("G1, G2: of another shape is refused, and no other place is tried", async (t) => {
    const [folder, second] = [await dataFolder(t), await dataFolder(t)];
    await writeLines(second, AZURE.file, TRACE);
    const path = join(folder, AZURE.file);
    for (const [lines, error] of [
      [["ms,tokens", "0,1"], `${path} does not open with ${TRACE[0]}`],
      [TRACE.slice(0, 1), `${path} has no rows`],
      [[TRACE[0] ?? "", "0,conv,1"], `${path}:2 has 3 cells, not 4: 0,conv,1`],
    ] as const) {
      await writeLines(folder, AZURE.file, lines);
      const set = await openEntry(AZURE, { folders: [folder, second], cache: "/none" });
      t.strictSame(set, { ok: false, error });
    }
    await writeFile(path, "not gzipped");
    const set = await openEntry(AZURE, { folders: [folder, second], cache: "/none" });
    t.match(set, { ok: false, error: `${path} cannot be read: incorrect header check` });
    const models = await writeLines(folder, OPENLLM.file, LEADERBOARD.slice(1));
    t.strictSame(await openEntry(OPENLLM, { folders: [folder], cache: "/none" }), {
      ok: false,
      error: `${models}:1 does not name its models`,
    });
  });

  t.test("G2: with a bad row further down says which line it is", async (t) => {
    const folder = await dataFolder(t);
    const path = await writeLines(folder, OPENLLM.file, [...LEADERBOARD, '{"id":"x/3","q":"1"}']);
    const set = await openEntry(OPENLLM, { folders: [folder], cache: "/none" });
    if (!set.ok) throw new Error(set.error);
    const message = `${path}:4 has a q that is no marks: "1"`;
    await t.rejects(all(set.value.rows()), { message });
  });

  t.test("is looked for where --data says, beside the project, then in the cache", async (t) => {
    const places = dataPlaces("mine", { HOME: "/home/me" });
    t.equal(places.folders[0], "mine");
    t.match(places.folders[1], /\/shared\/data$/);
    t.equal(places.cache, "/home/me/.cache/troupe/data");
    t.equal(dataPlaces(undefined, { XDG_CACHE_HOME: "/c" }).cache, "/c/troupe/data");
    t.equal(dataPlaces(undefined, {}).folders.length, 1);
    const folder = await dataFolder(t);
    await writeLines(folder, AZURE.file, TRACE);
    const set = await openDataSet("azure-llm-2023-conv", folder);
    t.match(set, { ok: true, value: { path: join(folder, AZURE.file) } });
  });
});

t.test("A data set of a publisher", async (t) => {
  t.test("F1: is fetched once, checked, and read from the cache afterwards", async (t) => {
    const { entry, requests } = await publish(t, Buffer.from(`${PUBLISHED.join("\n")}\n`));
    const cache = join(await dataFolder(t), "cache");
    for (const _ of [1, 2]) {
      const set = await openEntry(entry(), { folders: ["/none"], cache });
      if (!set.ok) throw new Error(set.error);
      t.strictSame(await all(set.value.rows()), ROWS);
    }
    t.equal(requests(), 1);
    t.strictSame(await readdir(cache), [AZURE.published?.name]);
  });

  t.test("F1: of four who fetch at once each gets it and nothing half done is left", async (t) => {
    const { entry } = await publish(t, Buffer.from(PUBLISHED.join("\n")));
    const cache = await dataFolder(t);
    const sets = await Promise.all(
      Array.from({ length: 4 }, () => openEntry(entry(), { folders: [], cache })),
    );
    for (const set of sets) t.match(set, { ok: true });
    t.strictSame(await readdir(cache), [AZURE.published?.name]);
  });

  t.test("F1: is not used when it is another file, or none, or nobody is there", async (t) => {
    const { entry, url, sha256 } = await publish(t, Buffer.from(PUBLISHED.join("\n")));
    const cache = await dataFolder(t);
    const other = "0".repeat(64);
    for (const [changes, error] of [
      [{ sha256: other }, `${url}: SHA-256 is ${sha256}, not ${other}: not used`],
      [{ url: `${url}x` }, `${url}x: HTTP status 404`],
      [{ url: "http://127.0.0.1:1/trace.csv" }, /^http:\/\/127\.0\.0\.1:1\/trace\.csv: .+/],
    ] as const)
      t.match(await openEntry(entry(changes), { folders: [], cache }), { ok: false, error });
    t.strictSame(await readdir(cache), []);
  });

  t.test("F2: of 64 MB is written as it arrives", async (t) => {
    const big = Buffer.alloc(64 * 1024 * 1024, "a,b\n");
    const { entry } = await publish(t, big);
    const cache = await dataFolder(t);
    const set = await openEntry(entry(), { folders: [], cache });
    t.match(set, { ok: false, error: / does not open with TIMESTAMP/ });
    const kept = await readFile(join(cache, AZURE.published?.name ?? ""));
    t.ok(kept.equals(big));
  });
});

t.test("The catalogue", async (t) => {
  t.test("K1: lets nothing without a licence be fetched, whatever else is known", async (t) => {
    const published = { name: "a", url: "http://a", sha256: "0", reader: () => () => never() };
    const fetchable = fetchableFile({ ...OPENLLM, published });
    t.strictSame(fetchable, {
      ok: false,
      reason: "https://github.com/somerstep/CARROT states no licence, so it is not fetched",
    });
    const licensed = fetchableFile({ ...OPENLLM, licence: "MIT", published });
    t.match(licensed, { ok: true, sha256: "0" });
  });

  t.test("K2, K3: has a licence and a checksum for all that may be fetched", async (t) => {
    for (const [name, entry] of Object.entries(DATA_SETS)) {
      const sha256 = entry.published?.sha256;
      t.ok(sha256 === undefined || /^[0-9a-f]{64}$/.test(sha256), name);
      const fetchable = fetchableFile<unknown>(entry);
      t.equal(fetchable.ok, sha256 !== undefined && entry.licence !== undefined);
    }
    t.strictSame(
      Object.values(DATA_SETS).filter(({ licence }) => licence === undefined),
      [DATA_SETS["routerbench-0shot"], DATA_SETS["openllm-v2"]],
    );
  });

  t.test("G3: says in one line where a set is not and what to do", async (t) => {
    const places = { folders: ["/mine"], cache: "/none" };
    t.match(await openEntry(DATA_SETS["routerbench-0shot"], places), {
      error: /^routerbench_0shot_subset\.jsonl\.gz is not in \/mine; .* states no licence/,
    });
    t.match(await openEntry(DATA_SETS["routellm-mmlu"], places), {
      error: /^routellm_mmlu\.jsonl\.gz is not in \/mine; .*RouteLLM has it in another form/,
    });
    t.match(await openEntry(AZURE, places), {
      error: /the checksum of https:.* is not known, .*: download it into that folder$/,
    });
  });
});

function never(): never {
  throw new Error("not read here");
}
