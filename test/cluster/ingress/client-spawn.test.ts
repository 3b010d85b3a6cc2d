import t, { type Test } from "tap";
import { type Client, connect } from "../../../cluster/ingress/client.ts";
import { nodeOf, protocol } from "../../../runtime/index.ts";
import { silentLog } from "../../../runtime/log.ts";
import type { TroupeError } from "../../../runtime/troupe-error.ts";
import { Parrot } from "../fixtures/parrot.ts";
import { type NodeUnderTest, startNodeProcess } from "../node-under-test.ts";
import { startTestServer, until } from "../test-server.ts";

const LONG_MS = 60_000;

t.test("a program that is no node", async (t) => {
  t.setTimeout(180_000);
  const server = await startTestServer();
  t.teardown(() => server.dispose());
  const crewNode = async (
    t: Test,
    cluster: string,
    name: string,
    ingress: "open" | "closed",
  ): Promise<NodeUnderTest> => {
    const options = { name, cluster, nats: server.url, ingress, roles: [name] };
    const node = await startNodeProcess(options, "crew-node");
    t.teardown(() => node.end());
    return node;
  };
  const client = async (t: Test, cluster: string): Promise<Client> => {
    const connected = await connect({ nats: server.url, cluster, log: silentLog });
    t.teardown(() => connected.close());
    return connected;
  };
  const errorOf = (promise: Promise<unknown>): Promise<TroupeError> =>
    promise.then(
      () => {
        throw new Error("it should have been refused");
      },
      (error: TroupeError) => error,
    );

  t.test(
    "spawns a registered actor on a node of its choice, speaks with it, and stops it",
    async (t) => {
      await crewNode(t, "spawning", "g", "open");
      await crewNode(t, "spawning", "w", "closed");
      const program = await client(t, "spawning");
      let ref = await program
        .spawn("parrot", { protocol: Parrot, name: "polly", placement: "role:w" })
        .catch(() => undefined);
      // The gateway may not have heard of the other node yet.
      await until(
        "it is spawned",
        async () => {
          ref ??= await program
            .spawn("parrot", { protocol: Parrot, name: "polly", placement: "role:w" })
            .catch(() => undefined);
          return ref !== undefined;
        },
        LONG_MS,
      );
      if (ref === undefined) throw new Error("not spawned");
      t.match(ref.address, /^[gw]\/\$root\/polly$/u);
      t.equal(nodeOf(await ref.ask("where")), "w");
      t.equal(ref.tell("hear", 7), true);
      t.same(await ref.ask("heard"), [7]);
      const stream = ref.stream("count", 100);
      let chunks = 0;
      for await (const chunk of stream) t.equal(chunk, ++chunks);
      t.same(await stream.result, { total: 100 });
      t.equal(await program.stop("polly"), true);
      t.equal((await errorOf(ref.ask("heard"))).code, "actor.not-found");
      t.equal(await program.stop("polly"), false);
    },
  );

  t.test("is told in one line why nothing was spawned", async (t) => {
    await crewNode(t, "refusing", "g", "open");
    const program = await client(t, "refusing");
    const Parrot2 = protocol("parrot@2", {});
    const rows = [
      [
        program.spawn("eagle", { protocol: Parrot }),
        "placement.none",
        /g has no spawnable.*eagle; it has \w/,
      ],
      [
        program.spawn("parrot", { protocol: Parrot2 }),
        "placement.none",
        /speaks parrot@1, not parrot@2/,
      ],
      [
        program.spawn("parrot", { protocol: Parrot, placement: "moon" as "spread" }),
        "ask.invalid",
        /placement: "moon" is none of/,
      ],
      [
        program.spawn("parrot", { protocol: Parrot, name: "no/name" }),
        "ask.invalid",
        /not an actor name/,
      ],
    ] as const;
    for (const [spawned, code, line] of rows) {
      const error = await errorOf(spawned);
      t.equal(error.code, code);
      t.match(error.message, line);
    }
    await program.spawn("parrot", { protocol: Parrot, name: "polly", placement: "spread" });
    const taken = program.spawn("parrot", { protocol: Parrot, name: "polly" });
    t.equal((await errorOf(taken)).code, "actor.name-taken");
  });

  t.test("reaches no other actor of the runtime", async (t) => {
    await crewNode(t, "closed", "g", "open");
    const program = await client(t, "closed");
    const Spawn = Parrot;
    t.equal((await errorOf(program.refOf(Spawn, "g/$spawn").ask("heard"))).code, "access.denied");
  });
});
