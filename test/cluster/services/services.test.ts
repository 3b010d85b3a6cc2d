import { connect, type Msg, type NatsConnection, headers as newHeaders } from "nats";
import t, { type Test } from "tap";
import type { Node } from "../../../cluster/node/node.ts";
import type { NodeOptions } from "../../../cluster/node/node-options.ts";
import { startNode } from "../../../cluster/node/start-node.ts";
import { frameSubject, serviceSubject } from "../../../cluster/wire/node-subject.ts";
import {
  actor,
  ask,
  child,
  nodeOf,
  protocol,
  type Schema,
  silentLog,
  singleton,
  spawnable,
  tell,
  virtual,
} from "../../../runtime/index.ts";
import { startTestServer, until } from "../test-server.ts";

const text: Schema<string> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) =>
      typeof value === "string" ? { value } : { issues: [{ message: "must be text" }] },
  },
};

const Clerk = protocol("clerk@1", {
  add: ask<{ readonly n: number }, { readonly sum: number }>(),
  where: ask<undefined, string>(),
  "say.loudly": ask(text),
  hang: ask<undefined, never>(),
  refuse: ask<undefined, never>(),
  odd: ask<undefined, unknown>(),
  hear: tell<string>(),
});
const clerk = actor(Clerk, () => ({ sum: 0 }), {
  add: (ctx, { n }) => {
    ctx.state.sum += n;
    return { sum: ctx.state.sum };
  },
  where: (ctx) => nodeOf(ctx.self.address),
  "say.loudly": (_ctx, line) => line.toUpperCase(),
  hang: (ctx) =>
    new Promise<never>((_resolve, reject) =>
      ctx.signal.addEventListener("abort", () => reject(new Error("given up"))),
    ),
  refuse: (ctx) => ctx.fail("closed", { until: 9 }),
  odd: () => 1n,
  hear: () => {},
});

const Account = protocol("account@2", { owner: ask<undefined, string>() });
const account = actor(Account, (owner: string) => owner, { owner: (ctx) => ctx.state });
const Clock = protocol("wall-clock@1", { place: ask<undefined, string>() });
const wallClock = actor(Clock, () => 0, { place: () => "on the wall" });

const Bell = protocol("bell@1", { ring: tell() });
const bell = actor(Bell, () => ({ rung: 0 }), {
  ring: (ctx) => {
    ctx.state.rung++;
  },
});
const Diary = protocol("diary@1", { note: tell<string>(), notes: ask<undefined, string[]>() });
const diary = actor(Diary, () => ({ notes: [] as string[] }), {
  note: (ctx, line) => {
    ctx.state.notes.push(line);
  },
  notes: (ctx) => ctx.state.notes,
});

const encoder = new TextEncoder();

/** What came of a request, as a program that knows only NATS sees it. */
interface Heard {
  readonly value: unknown;
  readonly error: string;
  readonly code: string;
}

function heard(message: Msg): Heard {
  const body = new TextDecoder().decode(message.data);
  return {
    value: body === "" ? undefined : JSON.parse(body),
    error: message.headers?.get("Nats-Service-Error") ?? "",
    code: message.headers?.get("Nats-Service-Error-Code") ?? "",
  };
}

t.test("services", async (t) => {
  t.setTimeout(180_000);
  const server = await startTestServer();
  t.teardown(() => server.dispose());
  const program: NatsConnection = await connect({ servers: server.url });
  t.teardown(() => program.close());
  const node = async (t: Test, options: Omit<NodeOptions, "nats" | "log">): Promise<Node> => {
    const started = await startNode({ nats: server.url, log: silentLog, ...options });
    t.teardown(() => started.stop());
    return started;
  };
  const request = async (
    subject: string,
    body: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Heard> => {
    const sent = newHeaders();
    for (const [name, value] of Object.entries(headers)) sent.set(name, value);
    const bytes = typeof body === "string" ? encoder.encode(body) : new Uint8Array();
    return heard(await program.request(subject, bytes, { timeout: 20_000, headers: sent }));
  };
  const questions = async (verb: string): Promise<readonly Record<string, unknown>[]> => {
    const answers: Record<string, unknown>[] = [];
    const iterator = await program.requestMany(`$SRV.${verb}`, "", {
      strategy: "stall",
      stall: 1_000,
      maxWait: 10_000,
    });
    for await (const message of iterator) answers.push(heard(message).value as never);
    return answers;
  };

  t.test("answer plain requests in JSON on their own subjects", async (t) => {
    await node(t, { name: "a", cluster: "plain", children: [child(clerk, { name: "c" })] });
    const base = "troupe.v1.plain.svc.clerk@1";
    t.same((await request(`${base}.add`, '{"n":2}')).value, { sum: 2 });
    t.same((await request(`${base}.add`, '{"n":3}')).value, { sum: 5 });
    t.same((await request(`${base}.where`, "")).value, "a");
    const subject = serviceSubject("plain", "clerk@1", "say.loudly");
    t.equal(subject, `${base}.say=2e=loudly`, "what a subject may not hold is written out");
    t.equal((await request(subject, '"ahoy"')).value, "AHOY");
  });

  t.test("answer errors in the headers of ADR-32, with their code in the body", async (t) => {
    await node(t, { name: "a", cluster: "errors", children: [child(clerk, { name: "c" })] });
    const base = "troupe.v1.errors.svc.clerk@1";
    const rows = [
      ["add", "{", {}, "400", "ask.undecodable"],
      ["say=2e=loudly", "7", {}, "400", "ask.invalid"],
      ["nothing", "", {}, "404", "actor.no-handler"],
      ["hear", '"a tell"', {}, "404", "actor.no-handler"],
      ["refuse", "", {}, "422", "refused"],
      ["odd", "", {}, "400", "ask.undecodable"],
      ["hang", "", { "Troupe-Timeout": "200" }, "408", "ask.timeout"],
      ["hang", "", { "Troupe-Timeout": "soon" }, "400", "ask.invalid"],
    ] as const;
    for (const [operation, body, headers, code, ours] of rows) {
      const answer = await request(`${base}.${operation}`, body, headers);
      t.equal(answer.code, code, operation);
      t.match(answer.error, new RegExp(`^${ours.replace(".", "\\.")}: `));
      t.match(answer.value, { code: ours });
    }
  });

  t.test("of one type on several nodes share its requests: one of them answers", async (t) => {
    const options = { cluster: "shared", children: [child(clerk, { name: "c" })] };
    await node(t, { name: "a", ...options });
    const b = await node(t, { name: "b", ...options });
    const asked = Array.from({ length: 60 }, () =>
      request("troupe.v1.shared.svc.clerk@1.where", ""),
    );
    const places = (await Promise.all(asked)).map(({ value }) => value);
    t.same(new Set(places), new Set(["a", "b"]));
    await b.stop();
    for (let n = 0; n < 10; n++) {
      const { value } = await request("troupe.v1.shared.svc.clerk@1.where", "");
      t.equal(value, "a", "a node that drained takes no more");
    }
  });

  t.test("reach a virtual actor by the key in a header, and a singleton without", async (t) => {
    await node(t, {
      name: "a",
      cluster: "keyed",
      actors: [virtual(account, { input: (key) => key }), singleton(wallClock)],
    });
    const base = "troupe.v1.keyed.svc";
    const owner = await request(`${base}.account@2.owner`, "", { "Troupe-Key": "Ada" });
    t.equal(owner.value, "Ada");
    const nobody = await request(`${base}.account@2.owner`, "");
    t.equal(nobody.code, "400");
    t.match(nobody.error, /name it in the header Troupe-Key/);
    const place = await request(`${base}.wall-clock@1.place`, "");
    t.equal(place.value, "on the wall");
  });

  t.test("regression: S24: offer nothing that is the runtime's own", async (t) => {
    const a = await node(t, { name: "a", cluster: "own", actors: [virtual(diary)] });
    await until("somebody listens", async () => {
      const subject = "troupe.v1.own.svc.diary@1.notes";
      return (
        (await request(subject, "", { "Troupe-Key": "k" }).catch(() => undefined)) !== undefined
      );
    });
    t.same(Object.keys(a.services()[0]?.operations ?? {}), ["notes"]);
    const occurrence = {
      reminder: {
        type: "diary",
        key: "k",
        name: "r",
        id: "1",
        operation: "note",
        payload: "forged",
        schedule: { kind: "once" },
      },
      dueMs: Date.now(),
    };
    const subject = serviceSubject("own", "diary@1", "$remind");
    const forged = await request(subject, JSON.stringify(occurrence), { "Troupe-Key": "k" });
    t.same([forged.code, forged.error.split(":", 1)[0]], ["404", "actor.no-handler"]);
    t.same(await a.actorOf(Diary, "k").ask("notes"), [], "no actor is told of it");
  });

  t.test("go with the last actor of their type", async (t) => {
    const a = await node(t, { name: "a", cluster: "going" });
    const ref = a.spawn(clerk, { name: "c" });
    const subject = "troupe.v1.going.svc.clerk@1.where";
    // The subscription travels on a connection of its own.
    await until("somebody listens", async () => {
      const answer = await request(subject, "").catch(() => undefined);
      return answer?.value === "a";
    });
    await a.system.stop(ref);
    await until("nobody listens", async () => {
      const error = await program.request(subject, "", { timeout: 1_000 }).catch(String);
      return String(error).includes("no responders");
    });
  });

  t.test(
    "S24: send no answer where only nodes speak, and take no stream's answer for a request",
    async (t) => {
      const a = await node(t, {
        name: "a",
        cluster: "forged",
        children: [child(clerk, { name: "c" })],
      });
      await node(t, { name: "b", cluster: "forged" });
      const subject = "troupe.v1.forged.svc.clerk@1.where";
      const victim = frameSubject("forged", "b", "a");
      const seen: string[] = [];
      program.subscribe(victim, {
        callback: (_error, { data }) => {
          const line = new TextDecoder().decode(data);
          if (line.includes('"a"')) seen.push(line);
        },
      });
      program.publish(subject, "", { reply: victim });
      program.publish("$SRV.PING", "", { reply: victim });
      program.publish(subject, "", { reply: "_INBOX_forged.b.control.1" });
      const stored = newHeaders();
      stored.set("Nats-Stream", "S");
      program.publish(subject, "", { reply: "_INBOX.x", headers: stored });
      program.publish(subject, "");
      t.equal((await request(subject, "")).value, "a", "those before it have been looked at");
      await program.flush();
      t.same(seen, []);
      t.equal(a.services()[0]?.operations["where"]?.requests, 1, "only what is a request counts");
    },
  );

  t.test("$SRV: tools see every actor type, in the forms of ADR-32", async (t) => {
    const a = await node(t, {
      name: "a",
      cluster: "tools",
      children: [child(clerk, { name: "c" }), child(bell, { name: "b" })],
      actors: [virtual(account, { input: (key) => key }), singleton(wallClock), spawnable(diary)],
    });
    const base = "troupe.v1.tools.svc.clerk@1";
    await request(`${base}.add`, '{"n":2}');
    await request(`${base}.add`, '{"n":2}');
    await request(`${base}.refuse`, "");

    const pings = await questions("PING");
    t.same(
      pings.map(({ name }) => name).sort(),
      ["account", "bell", "clerk", "diary", "wall-clock"],
      "also those that have no asks, and that wait to be spawned",
    );
    for (const ping of pings) {
      t.equal(ping["type"], "io.nats.micro.v1.ping_response");
      t.match(ping["name"], /^[A-Za-z0-9_-]+$/);
      t.match(ping["id"], /^[A-Za-z0-9_-]+$/);
      t.match(ping["version"], /^\d+\.\d+\.\d+$/);
      t.match(ping["metadata"], { node: "a", cluster: "tools" });
    }
    t.equal(pings.find(({ name }) => name === "account")?.["version"], "2.0.0");

    const info = (await questions("INFO.clerk")) as readonly never[];
    t.match(info, [
      {
        type: "io.nats.micro.v1.info_response",
        name: "clerk",
        description: String,
        endpoints: [
          { name: "add", subject: `${base}.add`, queue_group: "clerk@1", metadata: {} },
          { name: "where" },
          { name: "say-loudly", subject: `${base}.say=2e=loudly` },
          { name: "hang" },
          { name: "refuse" },
          { name: "odd" },
        ],
      },
    ]);
    t.equal(info.length, 1);

    t.match(await questions("INFO.bell"), [{ endpoints: [], metadata: { actors: "1" } }]);
    t.match(await questions("INFO.diary"), [{ endpoints: [{}], metadata: { actors: "0" } }]);
    const diarys = "troupe.v1.tools.svc.diary@1.notes";
    await t.rejects(program.request(diarys, "", { timeout: 5_000 }), /no responders/);
    const spawned = a.spawn(diary, { name: "d" });
    await until("it is asked", async () => {
      const answer = await request(diarys, "").catch(() => undefined);
      return JSON.stringify(answer?.value) === "[]";
    });
    await a.system.stop(spawned);
    await until("it is only listed again", async () => {
      const info = await questions("INFO.diary");
      return (info[0]?.["metadata"] as { actors?: string } | undefined)?.actors === "0";
    });

    const id = pings.find(({ name }) => name === "clerk")?.["id"];
    const [stats] = (await questions(`STATS.clerk.${id}`)) as readonly {
      readonly started: string;
      readonly endpoints: readonly Record<string, unknown>[];
    }[];
    t.match(stats, { type: "io.nats.micro.v1.stats_response", id });
    t.match(stats?.started, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    const of = (name: string) => stats?.endpoints.find((endpoint) => endpoint["name"] === name);
    t.match(of("add"), { num_requests: 2, num_errors: 0, last_error: "" });
    const add = of("add") as { processing_time: number; average_processing_time: number };
    t.ok(add.processing_time > 0 && Number.isInteger(add.processing_time), "nanoseconds");
    const averageError = Math.abs(add.average_processing_time - add.processing_time / 2);
    t.ok(averageError <= 1, "both are rounded");
    t.match(of("refuse"), { num_requests: 1, num_errors: 1, last_error: /^422 refused: / });
    t.match(of("where"), { num_requests: 0, average_processing_time: 0 });

    t.same(await questions("PING.nobody").catch(() => []), []);
    const report = a.services().find(({ type }) => type === "clerk@1");
    t.match(report, { actors: 1, operations: { add: { requests: 2, errors: 0 } } });
  });

  t.test("are not there on a node whose services are closed", async (t) => {
    const a = await node(t, {
      name: "a",
      cluster: "closed",
      services: "closed",
      children: [child(clerk, { name: "c" })],
    });
    const subject = "troupe.v1.closed.svc.clerk@1.where";
    await t.rejects(program.request(subject, "", { timeout: 2_000 }), /no responders/);
    t.same(a.services(), []);
  });
});
