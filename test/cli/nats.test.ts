import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { troupe } from "./troupe-command.ts";

t.setTimeout(120_000);

t.test("troupe nats", async (t) => {
  t.test("locate prints a server that is new enough", async (t) => {
    const run = await troupe(["nats", "locate", "--json"]);
    t.equal(run.exitCode, 0, run.stderr);
    t.match(JSON.parse(run.stdout), { v: 1, path: String });
  });

  t.test("run says in one line that a port is occupied", async (t) => {
    const cwd = await mkdtemp(join(tmpdir(), "troupe-nats-test-"));
    t.teardown(() => rm(cwd, { recursive: true, force: true }));
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, "127.0.0.1", resolve));
    t.teardown(() => squatter.close());
    const address = squatter.address();
    const port = typeof address === "object" ? String(address?.port) : "";
    const run = await troupe(["nats", "run", "--port", port], { cwd });
    t.equal(run.exitCode, 69);
    t.match(run.stderr, new RegExp(`^troupe: nats.unavailable: port ${port} .* is occupied`));
  });
});
