import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import t from "tap";
import { startHealthServer } from "../../../cluster/health/health-server.ts";
import type { NodeFacts } from "../../../cluster/health/node-condition.ts";

t.test("the health server", async (t) => {
  let facts: NodeFacts = {
    phase: "running",
    lease: true,
    control: true,
    data: true,
    member: "up",
    lagMs: 0,
  };
  const server = await startHealthServer({ port: 0 }, "n1", () => facts);
  t.teardown(() => server.close());
  const get = async (path: string, method = "GET") => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });
    return { code: response.status, body: method === "HEAD" ? {} : await response.json() };
  };

  t.test("H1: answers 200 or 503 with the reasons", async (t) => {
    t.match(await get("/healthz"), { code: 200, body: { v: 1, status: "ok", node: "n1" } });
    t.match(await get("/readyz?verbose"), { code: 200, body: { reasons: [] } });
    facts = { ...facts, data: false };
    t.match(await get("/healthz"), { code: 200 });
    t.match(await get("/readyz"), {
      code: 503,
      body: { status: "failing", reasons: ["its data connection is lost"], member: "up" },
    });
    facts = { ...facts, lease: false };
    t.match(await get("/healthz"), { code: 503, body: { reasons: ["its lease is lost"] } });
    t.match(await get("/readyz", "HEAD"), { code: 503 });
  });

  t.test("H2: takes nothing else, and no header without end", async (t) => {
    t.match(await get("/"), { code: 404 });
    t.match(await get("/healthz", "POST"), { code: 405 });
    const socket = connect(server.port, "127.0.0.1");
    await once(socket, "connect");
    socket.on("error", () => {});
    socket.write(`GET /healthz HTTP/1.1\r\nx: ${"y".repeat(100_000)}`);
    const [answered] = (await once(socket, "data")) as [Buffer];
    t.match(answered.toString(), /^HTTP\/1\.1 431 /);
    socket.destroy();
  });

  t.test("says in one line that its port cannot be used", async (t) => {
    const other = createServer();
    other.listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    await t.rejects(
      startHealthServer({ port }, "n2", () => facts),
      {
        code: "config.invalid",
        message: new RegExp(`port ${port} of 127\\.0\\.0\\.1 cannot be used: .*EADDRINUSE`),
      },
    );
    other.close();
  });
});
