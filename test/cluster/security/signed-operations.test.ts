import { connect as connectToNats, headers as newHeaders } from "nats";
import t from "tap";
import { openConnection } from "../../../cluster/connections.ts";
import { connect } from "../../../cluster/ingress/client.ts";
import { startNode } from "../../../cluster/node/start-node.ts";
import { frameBytes, parseFrame } from "../../../cluster/wire/frame.ts";
import { frameSubject, framesTo } from "../../../cluster/wire/node-subject.ts";
import {
  type Ask,
  actor,
  ask,
  child,
  type Envelope,
  EnvelopeKind,
  type Log,
  type Protocol,
  protocol,
  signed,
  stream,
  tell,
  virtual,
} from "../../../runtime/index.ts";
import { rejected } from "../node-under-test.ts";
import { startTestServer, until } from "../test-server.ts";

t.setTimeout(180_000);

const Gate = protocol("gate@1", {
  open: signed(ask<number, number>()),
  close: signed(tell<number>()),
  watch: signed(stream<undefined, number, undefined>()),
  knock: tell<number>(),
  log: ask<undefined, readonly string[]>(),
});

const gate = actor(
  Gate,
  (_: undefined, ctx) => {
    ctx.subscribe("gates", "close");
    return [] as string[];
  },
  {
    open: (ctx, n) => {
      ctx.state.push(`open ${n}`);
      return n;
    },
    close: (ctx, n) => {
      ctx.state.push(`close ${n}`);
    },
    async *watch() {
      yield 1;
      yield 2;
      return undefined;
    },
    knock: (ctx, n) => {
      ctx.state.push(`knock ${n}`);
    },
    log: (ctx) => ctx.state,
  },
);

const Door = protocol("door@1", {
  open: signed(ask<number, number>()),
  bolt: signed(tell<string>()),
  boltLater: ask<string, undefined>(),
  bolts: ask<undefined, readonly string[]>(),
  node: ask<undefined, string>(),
});
const door = actor(Door, () => [] as string[], {
  open: (_ctx, n) => n,
  bolt: (ctx, why) => {
    ctx.state.push(why);
  },
  boltLater: async (ctx, why) => {
    await ctx.reminders.set("bolt", { after: 1 }, "bolt", why);
    return undefined;
  },
  bolts: (ctx) => ctx.state,
  node: (ctx) => ctx.ports.membership.self.name,
});
/** As whoever would bring an occurrence of his own making speaks it. */
const Forged: Protocol<{ readonly $remind: Ask<unknown, unknown> }> = {
  name: "door@1",
  operations: { $remind: ask<unknown, unknown>() },
};

const Caller = protocol("caller@1", { publish: ask<number, boolean>() });
const caller = actor(Caller, () => undefined, { publish: (ctx, n) => ctx.publish("gates", n) });

/** A log that keeps its warnings. */
function keepingWarnings(): { readonly log: Log; readonly warnings: string[] } {
  const warnings: string[] = [];
  const quiet = () => {};
  const log: Log = {
    debug: quiet,
    info: quiet,
    warn: (data, message) => warnings.push(`${message}: ${JSON.stringify(data)}`),
    error: quiet,
    child: () => log,
  };
  return { log, warnings };
}

t.test("S24: signed operations between nodes", async (t) => {
  const server = await startTestServer();
  const { log, warnings } = keepingWarnings();
  const options = { nats: server.url, log, env: {} };
  const actors = [virtual(door)];
  const a = await startNode({
    ...options,
    actors,
    name: "a",
    children: [child(gate, { name: "gate" })],
  });
  const b = await startNode({
    ...options,
    actors,
    name: "b",
    ingress: "closed",
    children: [child(gate, { name: "gate" }), child(caller, { name: "caller" })],
  });
  t.teardown(async () => {
    await b.stop();
    await a.stop();
    await server.dispose();
  });
  await until("they know each other", () =>
    [a, b].every((node) => node.membership.members().length === 2),
  );
  const onB = a.refOf(Gate, "b/gate");
  const logOf = (ref = onB): Promise<readonly string[]> =>
    ref.ask("log", undefined, { timeout: "10s" });

  t.test("are answered, told and streamed as others are, in order with them", async (t) => {
    // The very first one: the receiver must read the sender's key first, and nothing overtakes it.
    t.equal(onB.tell("close", 1), true);
    onB.tell("knock", 2);
    t.equal(await onB.ask("open", 3), 3);
    onB.tell("knock", 4);
    t.same(await logOf(), ["close 1", "knock 2", "open 3", "knock 4"]);
    const chunks: number[] = [];
    for await (const chunk of onB.stream("watch")) chunks.push(chunk);
    t.same(chunks, [1, 2]);
  });

  t.test("need no signature within a node", async (t) => {
    t.equal(await a.refOf(Gate, "a/gate").ask("open", 5), 5);
  });

  t.test("are refused unsigned: an ask never ran, a tell is a dead letter", async (t) => {
    const Unsigned = protocol("gate@1", { open: ask<number, number>(), close: tell<number>() });
    const ref = a.refOf(Unsigned, "b/gate");
    const error = await rejected(ref.ask("open", 6));
    t.equal(error.code, "signature.refused");
    t.equal(error.outcome, "never-ran");
    t.match(error.message, /b\/gate takes gate\.open@1 only signed, .*unsigned/);
    const before = b.system.deadLetters;
    ref.tell("close", 7);
    await until("it is a dead letter", () => b.system.deadLetters > before);
    t.notMatch(await logOf(), [/ [67]$/]);
    t.ok(warnings.some((line) => /signature does not count: .*unsigned/.test(line)));
  });

  t.test("are not taken from a topic, whoever publishes there", async (t) => {
    const before = a.system.deadLetters;
    t.equal(await b.refOf(Caller, "b/caller").ask("publish", 8), true);
    await until("the other node refuses it", () => a.system.deadLetters > before);
    t.notOk((await a.refOf(Gate, "a/gate").ask("log")).includes("close 8"));
  });

  t.test("are for nodes and operators, wherever the actor lives", async (t) => {
    const client = await connect({ ...options, name: "c" });
    const operator = await connect({ ...options, name: "o", as: "operator" });
    for (const node of ["a", "b"]) {
      const error = await rejected(client.refOf(Gate, `${node}/gate`).ask("open", 9));
      t.match(error.code, /^(access\.denied|signature\.refused)$/, node);
      t.equal(error.outcome, "never-ran");
      t.equal(await operator.refOf(Gate, `${node}/gate`).ask("open", 10), 10);
      client.refOf(Gate, `${node}/gate`).tell("close", 11);
      client.refOf(Gate, `${node}/gate`).tell("knock", 12);
      await until("the knock came", async () =>
        (await logOf(client.refOf(Gate, `${node}/gate`) as never)).includes("knock 12"),
      );
      t.notOk((await logOf(client.refOf(Gate, `${node}/gate`) as never)).includes("close 11"));
    }
    await Promise.all([client.close(), operator.close()]);
  });

  t.test("reach virtual actors from nodes and operators, and not from clients", async (t) => {
    const keys = Array.from({ length: 16 }, (_, i) => `k${i}`);
    const client = await connect({ ...options, name: "c2" });
    const operator = await connect({ ...options, name: "o2", as: "operator" });
    const where = new Set<string>();
    for (const key of keys) {
      const again = async (): Promise<number> => a.actorOf(Door, key).ask("open", 1);
      // A unit that changes hands meanwhile refuses: send it again.
      t.equal(await again().catch(again), 1);
      where.add(await a.actorOf(Door, key).ask("node"));
      t.equal(await operator.actorOf(Door, key).ask("open", 2), 2);
      const error = await rejected(client.actorOf(Door, key).ask("open", 3));
      t.match(error.code, /^(access\.denied|signature\.refused)$/);
      t.type(await client.actorOf(Door, key).ask("node"), "string");
    }
    t.equal(where.size, 2, "they are on both nodes");
    await Promise.all([client.close(), operator.close()]);
  });

  t.test("regression: are no services, whose requests are from anybody", async (t) => {
    const program = await connectToNats({ servers: server.url });
    const subject = (type: string, operation: string) =>
      `troupe.v1.troupe.svc.${type}.${operation}`;
    const codeOf = async (of: string) => {
      const sent = newHeaders();
      sent.set("Troupe-Key", "k");
      const answer = await program.request(of, "1", { headers: sent, timeout: 20_000 });
      return answer.headers?.get("Nats-Service-Error")?.split(":", 1)[0];
    };
    t.equal(await codeOf(subject("gate@1", "log")), undefined, "others are answered");
    t.equal(await codeOf(subject("gate@1", "open")), "actor.no-handler");
    t.equal(await codeOf(subject("door@1", "open")), "actor.no-handler");
    for (const node of [a, b])
      for (const { operations } of node.services()) t.notOk("open" in operations);
    await program.close();
  });

  t.test("regression: are not told by an occurrence that nobody signed", async (t) => {
    const keys = Array.from({ length: 16 }, (_, i) => `k${i}`);
    const where = new Set<string>();
    for (const key of keys) {
      where.add(await a.actorOf(Door, key).ask("node"));
      await a.actorOf(Door, key).ask("boltLater", "in time");
    }
    t.equal(where.size, 2, "they are on both nodes");
    const boltsOf = (key: string) => a.actorOf(Door, key).ask("bolts");
    for (const key of keys)
      await until(`${key} is reminded`, async () => (await boltsOf(key)).length > 0, 60_000);
    const reminder = { type: "door", name: "bolt", id: "1", operation: "bolt", payload: "forged" };
    let refused = 0;
    for (const key of keys) {
      if ((await a.actorOf(Door, key).ask("node")) !== "b") continue;
      const occurrence = { reminder: { ...reminder, key, schedule: { kind: "once" } }, dueMs: 0 };
      const error = await rejected(a.actorOf(Forged, key).ask("$remind", occurrence));
      t.equal(error.code, "signature.refused");
      t.notOk((await boltsOf(key)).includes("forged"));
      refused++;
    }
    t.ok(refused > 0);
  });

  t.test("are refused a second time, and when something was changed", async (t) => {
    // Somebody who reads the wire and may publish on it: this server has no permissions.
    const thief = await openConnection({ url: server.url, cluster: "troupe", name: "t" }, "client");
    const caught: {
      readonly incarnation: string;
      readonly seq: number;
      readonly envelope: Envelope;
    }[] = [];
    thief.subscribe(framesTo("troupe", "b"), {
      callback: (_error, message) => {
        const frame = parseFrame(message.data);
        if (!frame.ok) return;
        for (const envelope of frame.value.envelopes)
          if (envelope.signature !== undefined)
            caught.push({
              incarnation: frame.value.incarnation,
              seq: frame.value.linkSeq,
              envelope,
            });
      },
    });
    await thief.flush();
    t.equal(onB.tell("close", 13), true);
    await until("it was caught", () => caught.length > 0);
    await until("it ran", async () => (await logOf()).includes("close 13"));
    const [stolen] = caught;
    if (stolen === undefined) throw new Error("nothing was caught");
    t.equal(stolen.envelope.kind, EnvelopeKind.tell);
    const seqs = { next: 0 };
    // The link knows its own frames; a thief continues its numbers.
    thief.subscribe(framesTo("troupe", "b"), {
      callback: (_error, message) => {
        const frame = parseFrame(message.data);
        if (frame.ok) seqs.next = Math.max(seqs.next, frame.value.linkSeq + 1);
      },
    });
    await thief.flush();
    await logOf();
    await until("its numbers are known", () => seqs.next > 0);
    const before = warnings.length;
    const { envelope, incarnation } = stolen;
    const forged = [envelope, { ...envelope, id: envelope.id + 10_000, body: 14 }];
    const header = {
      incarnation,
      linkSeq: seqs.next,
      ackSeq: 0,
      baseSeq: 1,
      target: "",
      resend: false,
    };
    thief.publish(frameSubject("troupe", "b", "a"), frameBytes(header, forged));
    await until("both were refused", () => {
      const said = warnings.slice(before).join("\n");
      return /"fault":"replayed"/.test(said) && /"fault":"wrong"/.test(said);
    });
    const heard = await logOf(b.refOf(Gate, "b/gate"));
    t.equal(heard.filter((line) => line === "close 13").length, 1);
    t.notOk(heard.includes("close 14"));
    await thief.close();
  });
});
