import t from "tap";
import { inboxesOf, openConnection } from "../../../cluster/connections.ts";
import { connect } from "../../../cluster/ingress/client.ts";
import { helloBytes } from "../../../cluster/ingress/client-hello.ts";
import { startNode } from "../../../cluster/node/start-node.ts";
import { ingressSubject } from "../../../cluster/wire/node-subject.ts";
import { silentLog } from "../../../runtime/log.ts";
import type { TroupeError } from "../../../runtime/troupe-error.ts";
import { Parrot } from "../fixtures/parrot.ts";
import { startNodeProcess } from "../node-under-test.ts";
import { startTestServer, until } from "../test-server.ts";

function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "no error",
    (error: TroupeError) => error.code,
  );
}

t.test("a client", async (t) => {
  const server = await startTestServer();
  t.teardown(() => server.dispose());

  t.test("tells, asks and streams through a gateway, to an actor of another node", async (t) => {
    const gateway = await startNodeProcess({ name: "g", nats: server.url });
    const worker = await startNodeProcess({ name: "w", nats: server.url, ingress: "closed" });
    const client = await connect({ nats: server.url, log: silentLog });
    for (const node of ["g", "w"]) {
      const ref = client.refOf(Parrot, `${node}/parrot`);
      await until(`${node} answers`, async () => (await codeOf(ref.ask("heard"))) === "no error");
      for (let n = 1; n <= 100; n++) t.equal(ref.tell("hear", n), true);
      t.equal((await ref.ask("heard")).length, 100);
      t.equal(await ref.ask("repeat", null), null);
      t.equal(await ref.ask("repeat", undefined), undefined);
      const stream = ref.stream("count", 500);
      let chunks = 0;
      for await (const chunk of stream) t.equal(chunk, ++chunks);
      t.same(await stream.result, { total: 500 });
      t.equal(await codeOf(ref.ask("fail", "why")), "actor.failed");
      t.equal(await codeOf(ref.ask("hang", undefined, { timeout: 200 })), "ask.timeout");
      const before = await ref.ask("cancelled");
      for await (const chunk of ref.stream("countForEver")) if (chunk === 5) break;
      await until("the cancel arrived", async () => (await ref.ask("cancelled")) > before);
    }
    t.equal(await codeOf(client.refOf(Parrot, "w/nobody").ask("heard")), "actor.not-found");
    await client.close();
    await Promise.all([gateway.end(), worker.end()]);
  });

  t.test("K1: fails at once when the cluster has no gateway", async (t) => {
    const startedMs = performance.now();
    t.equal(
      await codeOf(connect({ nats: server.url, cluster: "empty", log: silentLog })),
      "node.down",
    );
    t.ok(performance.now() - startedMs < 1_000);
  });

  t.test("regression: is told in one line that a gateway has no room, and why", async (t) => {
    const options = { nats: server.url, cluster: "full", log: silentLog };
    const gateway = await startNode({ name: "g", ...options });
    const settled = await connect({ ...options, name: "settled" });
    const crowd = await openConnection({ url: server.url, cluster: "full", name: "x" }, "client");
    const hello = helloBytes({ incarnation: "1", reads: [] });
    for (let n = 0; n < 4_096; n++) {
      const reply = `${inboxesOf({ cluster: "full", name: `c${n}` })}.hello`;
      crowd.publish(ingressSubject("full", "client", `c${n}`), hello, { reply });
    }
    await crowd.flush();
    const error: TroupeError = await connect({ ...options, name: "late" }).then(
      () => t.fail("it was taken"),
      (thrown) => thrown,
    );
    t.equal(error.code, "node.down");
    t.equal(
      error.message,
      "no gateway of cluster full takes client late: gateway g: it has 4096 clients, and takes no more",
    );
    const again = await connect({ ...options, name: "settled" });
    t.equal(again.gateway, "g", "who has a session may begin it anew");
    await Promise.all([settled.close(), again.close(), crowd.close()]);
    await gateway.stop();
  });

  t.test(
    "K2: a gateway that dies ends what waits for it, and another takes its place",
    async (t) => {
      const options = { nats: server.url, cluster: "pair" };
      const first = await startNodeProcess({ name: "g1", ...options });
      const client = await connect({ ...options, log: silentLog });
      const second = await startNodeProcess({ name: "g2", ...options });
      const waiting = codeOf(
        client.refOf(Parrot, "g2/hanger").ask("hang", undefined, { timeout: "30s" }),
      );
      // On one link: once this is answered, the gateway has the other one too.
      t.equal(await client.refOf(Parrot, "g1/parrot").ask("repeat", 1), 1);
      await first.end();
      const ref = client.refOf(Parrot, "g2/parrot");
      await until("the other gateway serves", async () => {
        return (await ref.ask("repeat", "hi", { timeout: 500 }).catch(() => "")) === "hi";
      });
      t.match(await waiting, /^node\./);
      await client.close();
      await second.end();
    },
  );
});
