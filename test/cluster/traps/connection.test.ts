/** What the client's connections do to who trusts them: traps 1, 10, 11, 12 and 14. */
import { connect } from "nats";
import t from "tap";
import { startNode } from "../../../cluster/node/start-node.ts";
import { natsKeyValues } from "../../../cluster/stores/nats-key-values.ts";
import { silentLog } from "../../../runtime/log.ts";
import type { MemberPhase } from "../../../runtime/ports/membership.ts";
import { seededRandom } from "../../../runtime/ports/random.ts";
import { Parrot, parrot } from "../fixtures/parrot.ts";
import { startLimitedServer } from "../limited-server.ts";
import { startTcpProxy } from "../tcp-proxy.ts";
import { startTestServer, until } from "../test-server.ts";
import { startShortServer } from "./short-of-room.ts";

t.setTimeout(180_000);

t.test("connections", async (t) => {
  await t.test(
    "trap 1: what is told while the server is away arrives, once and in order",
    async (t) => {
      const server = await startTestServer();
      t.teardown(() => server.dispose());
      const bare = await connect({
        servers: server.url,
        maxReconnectAttempts: -1,
        reconnectTimeWait: 50,
      });
      const bareHeard: number[] = [];
      bare.subscribe("bare", { callback: (_error, { data }) => void bareHeard.push(data.length) });
      const back = (async () => {
        for await (const { type } of bare.status()) if (type === "reconnect") return;
      })();
      const [a, b] = await Promise.all(
        ["a", "b"].map((name) => startNode({ name, nats: server.url, log: silentLog })),
      );
      if (a === undefined || b === undefined) throw new Error("no nodes");
      b.spawn(parrot, { name: "parrot" });
      const ref = a.refOf(Parrot, "b/parrot");
      await until("b answers", async () => {
        return (await ref.ask("repeat", 1, { timeout: "1s" }).catch(() => 0)) === 1;
      });

      await server.stop("SIGKILL");
      for (let n = 0; n < 50; n++) {
        bare.publish("bare", new Uint8Array(n));
        t.ok(ref.tell("hear", n));
      }
      await server.start();
      await back;
      await until("all were heard", async () => {
        return (await ref.ask("heard", undefined, { timeout: "2s" }).catch(() => [])).length === 50;
      });
      t.same(
        await ref.ask("heard"),
        Array.from({ length: 50 }, (_, n) => n),
      );
      await bare.flush();
      t.ok(
        bareHeard.length < 50,
        `of 50 bare publishes ${bareHeard.length} were delivered, without an error`,
      );
      await Promise.all([a.stop(), b.stop(), bare.close()]);
    },
  );

  await t.test("trap 10: half a token is no prefix, and its refusal comes later", async (t) => {
    const server = await startLimitedServer({
      publish: {
        allow: [
          "troupe.v1.>",
          "$JS.API.>",
          "$JS.ACK.>",
          "$KV.TROUPE_*.>",
          "$KV.TROUPE_troupe_LEASE.>",
        ],
      },
      subscribe: { allow: ["troupe.v1.>", "_INBOX_troupe.n1.>"] },
    });
    t.teardown(() => server.end());
    const refusals: string[] = [];
    const log = {
      ...silentLog,
      error: (data: object) => void refusals.push(JSON.stringify(data)),
      child: () => log,
    };
    const node = await startNode({ name: "n1", nats: server.url, log });
    t.teardown(() => node.stop());
    const bucket = await node.system.ports.keyValues.open("board");
    await t.rejects(bucket.put("k", 1), { code: "store.unavailable" }, "it has no acknowledgement");
    t.ok(
      refusals.some((line) => line.includes("$KV.TROUPE_troupe_board.k")),
      "the log says what was refused",
    );
  });

  await t.test(
    "trap 11: a flooded data connection costs a node neither its lease nor a message",
    async (t) => {
      const server = await startShortServer({ settings: { max_pending: 1_048_576 } });
      t.teardown(() => server.end());
      const proxy = await startTcpProxy(Number(new URL(server.url).port));
      t.teardown(() => proxy.close());
      const a = await startNode({ name: "a", nats: server.url, log: silentLog });
      const b = await startNode({
        name: "b",
        nats: `nats://127.0.0.1:${proxy.port}`,
        log: silentLog,
      });
      b.spawn(parrot, { name: "parrot", mailbox: { capacity: 20_000 } });
      const ref = a.refOf(Parrot, "b/parrot");
      await until("b answers", async () => {
        return (await ref.ask("repeat", 1, { timeout: "1s" }).catch(() => 0)) === 1;
      });
      const phases: MemberPhase[] = [];
      a.membership.subscribe(({ member }) => {
        if (member.name === "b") phases.push(member.phase);
      });
      let lost = false;
      b.events.subscribe((event) => {
        if (event.type === "server.lost" && event.connection === "data") lost = true;
      });

      // The data connection stands still; control and pulse go on.
      proxy.befall("stalled", "troupe troupe b data");
      const told: number[] = [];
      const big = Array.from({ length: 8_000 }, (_, n) => n);
      for (let n = 0; n < 60; n++) {
        void a
          .refOf(Parrot, "b/parrot")
          .ask("repeat", big, { timeout: "60s" })
          .catch(() => {});
        if (ref.tell("hear", n)) told.push(n);
      }
      // What the stalled client has not read lies in the server, until that has had enough of it.
      await until("the server has cut it off, or b has given it up", () => lost, 60_000);
      proxy.heal();
      await until(
        "all were heard",
        async () => {
          const heard = await ref.ask("heard", undefined, { timeout: "2s" }).catch(() => []);
          return heard.length === told.length;
        },
        60_000,
      );
      t.same(await ref.ask("heard"), told);
      t.same(phases, [], "b was never suspected");
      await Promise.all([a.stop(), b.stop()]);
    },
  );

  await t.test(
    "trap 12: what is over max_payload is refused in one line, before it is sent",
    async (t) => {
      const server = await startTestServer();
      t.teardown(() => server.dispose());
      const connection = await connect({ servers: server.url });
      t.teardown(() => connection.close());
      t.throws(() => connection.publish("bare", new Uint8Array(1_048_577)), /max_payload|payload/i);
      const bucket = await natsKeyValues(connection, {
        cluster: "traps",
        random: seededRandom(1),
      }).open("large");
      await t.rejects(bucket.put("k", "x".repeat(1_048_576)), { code: "payload.too-large" });
      t.ok(await bucket.put("k", "x".repeat(1_000_000)), "and the connection goes on");
    },
  );

  await t.test(
    "trap 14: a node has as many subscriptions with ten thousand actors as with none",
    async (t) => {
      const allow = [">"];
      const server = await startLimitedServer({ publish: { allow }, subscribe: { allow } });
      t.teardown(() => server.end());
      const node = await startNode({ name: "n1", nats: server.url, log: silentLog });
      const other = await startNode({ name: "n2", nats: server.url, log: silentLog });
      const subscriptions = async (): Promise<number> => {
        const ours = (await server.clients()).filter(({ name }) => name.includes(" n1 "));
        return ours.reduce(
          (sum, { subscriptions_list = [] }) => sum + subscriptions_list.length,
          0,
        );
      };
      const before = await subscriptions();
      t.ok(before > 0 && before < 50, `${before}`);
      for (let n = 0; n < 10_000; n++) node.spawn(parrot, { name: `p${n}` });
      const answers = await Promise.all(
        [0, 4_999, 9_999].map((n) =>
          other.refOf(Parrot, `n1/p${n}`).ask("repeat", n, { timeout: "30s" }),
        ),
      );
      t.same(answers, [0, 4_999, 9_999], "each is reached");
      t.ok((await subscriptions()) <= before + 1, "its answers' inbox apart");
      await Promise.all([node.stop({ deadline: "30s" }), other.stop()]);
    },
  );
});
