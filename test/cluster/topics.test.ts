import { connect } from "nats";
import t from "tap";
import type { Node } from "../../cluster/node/node.ts";
import { startNode } from "../../cluster/node/start-node.ts";
import { actor, ask, protocol, silentLog, tell } from "../../runtime/index.ts";
import { startTestServer, until } from "./test-server.ts";

const LISTENERS = 200;
const NEWS = 20;
const LONG_MS = 60_000;

const Listener = protocol("listener@1", {
  hear: tell<number>(),
  heard: ask<undefined, readonly number[]>(),
});
const listener = actor(
  Listener,
  (_input: undefined, ctx) => {
    ctx.subscribe("news", "hear");
    return [] as number[];
  },
  {
    hear: (ctx, n) => {
      ctx.state.push(n);
    },
    heard: (ctx) => ctx.state,
  },
);
const Editor = protocol("editor@1", { say: tell<number>() });
const editor = actor(Editor, () => 0, {
  say: (ctx, n) => {
    ctx.publish("news", n);
  },
});

t.test("a topic", async (t) => {
  t.setTimeout(120_000);
  const server = await startTestServer();
  t.teardown(() => server.dispose());
  const node = async (name: string): Promise<Node> => {
    const started = await startNode({ name, nats: server.url, log: silentLog });
    t.teardown(() => started.stop());
    return started;
  };

  t.test("is one message on the wire for each publish, however many actors hear it", async (t) => {
    const nodes = [await node("a"), await node("b")];
    const wire = await connect({ servers: server.url });
    t.teardown(() => wire.close());
    let messages = 0;
    wire.subscribe("troupe.v1.troupe.topic.>", {
      callback: () => {
        messages++;
      },
    });
    await wire.flush();
    const refs = nodes.flatMap((each) =>
      Array.from({ length: LISTENERS }, () => each.spawn(listener)),
    );
    await Promise.all(refs.map((ref) => ref.ready));
    const source = nodes[0]?.spawn(editor);
    const last = refs.at(-1);
    // The subscription of the other node may take a moment to be known at the server.
    await until(
      "the other node hears",
      async () => {
        source?.tell("say", 0);
        return ((await last?.ask("heard")) ?? []).length > 0;
      },
      LONG_MS,
    );
    const before = messages;
    for (let n = 1; n <= NEWS; n++) source?.tell("say", n);
    await until(
      "all of it is heard",
      async () => (await last?.ask("heard"))?.at(-1) === NEWS,
      LONG_MS,
    );
    const expected = Array.from({ length: NEWS }, (_, n) => n + 1);
    for (const ref of refs) {
      const heard = await ref.ask("heard");
      t.same(
        heard.filter((n) => n > 0),
        expected,
        "once each, in order",
      );
    }
    await wire.flush();
    t.ok(messages - before <= NEWS, `${messages - before} messages for ${NEWS} publishes`);
  });
});
