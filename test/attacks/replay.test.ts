/**
 * Everything that was ever said, said again: by somebody who hears and publishes what he likes, on a server without
 * users. Where there are users, the server does not let him.
 */
import t from "tap";
import { openConnection } from "../../cluster/connections.ts";
import type { Node } from "../../cluster/node/node.ts";
import { startNode } from "../../cluster/node/start-node.ts";
import { framesTo, heartbeatSubject, heartbeatsOf } from "../../cluster/wire/node-subject.ts";
import { child, silentLog } from "../../runtime/index.ts";
import { Parrot, parrot } from "../cluster/fixtures/parrot.ts";
import { startTestServer, until } from "../cluster/test-server.ts";

t.setTimeout(240_000);

const C = "again";
const WITHIN_MS = 60_000;

t.test("S24: what is said again", async (t) => {
  const server = await startTestServer();
  const options = { nats: server.url, cluster: C, env: {}, log: silentLog };
  const startA = (): Promise<Node> => startNode({ ...options, name: "a" });
  let a = await startA();
  const b = await startNode({
    ...options,
    name: "b",
    children: [child(parrot, { name: "parrot" })],
  });
  const thief = await openConnection({ url: server.url, cluster: C, name: "t" }, "client");
  t.teardown(async () => {
    await thief.close();
    await a.stop();
    await b.stop();
    await server.dispose();
  });
  /** What was said to `b`, and each node's heartbeats. */
  const said: { readonly subject: string; readonly bytes: Uint8Array }[] = [];
  let isListening = true;
  for (const subject of [framesTo(C, "b"), heartbeatsOf(C)])
    thief.subscribe(subject, {
      callback: (_error, message) => {
        const { subject: on, data } = message;
        if (isListening) said.push({ subject: on, bytes: new Uint8Array(data) });
      },
    });
  await thief.flush();
  const meet = (): Promise<void> =>
    until(
      "they know each other",
      () =>
        [a, b].every(
          ({ membership }) =>
            membership.members().filter(({ phase }) => phase === "up").length === 2,
        ),
      WITHIN_MS,
    );
  const heard = (): Promise<readonly number[]> =>
    b.refOf(Parrot, "b/parrot").ask("heard", undefined, { timeout: "60s" });
  const tellUpTo = async (from: number, to: number): Promise<void> => {
    const ref = a.refOf(Parrot, "b/parrot");
    for (let n = from; n <= to; n++) {
      ref.tell("hear", n);
      t.equal(await ref.ask("repeat", n, { timeout: "60s" }), n);
    }
  };
  const sayAgain = async (): Promise<void> => {
    isListening = false;
    for (const { subject, bytes } of said) thief.publish(subject, bytes);
    await thief.flush();
  };
  await meet();
  await tellUpTo(1, 10);

  t.test("T1: frames that came once are not delivered again", async (t) => {
    t.ok(said.some(({ subject }) => subject !== heartbeatSubject(C, "a")));
    await sayAgain();
    await tellUpTo(11, 12);
    t.same(await heard(), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  t.test("L4, S21: frames and heartbeats of a former start count for nothing", async (t) => {
    isListening = true;
    const before = a.membership.self.incarnation;
    // Its goodbye is heard too.
    await a.stop();
    a = await startA();
    await meet();
    await tellUpTo(13, 14);
    const now = a.membership.self;
    t.ok(now.incarnation > before);
    await sayAgain();
    await tellUpTo(15, 16);
    t.same(
      await heard(),
      Array.from({ length: 16 }, (_, n) => n + 1),
    );
    t.equal(b.membership.phaseOf(now), "up", "the old one's goodbye is not its own");
    t.not(b.membership.phaseOf({ name: "a", incarnation: before }), "up");
  });
});
