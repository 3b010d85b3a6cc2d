import t from "tap";
import {
  addressesOf,
  keysOf,
  namedOperation,
  operationTarget,
} from "../../../cli/load/load-target.ts";
import {
  type ActorRegistration,
  actor,
  ask,
  type ChildSpec,
  child,
  protocol,
  singleton,
  spawnable,
  stream,
  tell,
  virtual,
} from "../../../runtime/index.ts";

const Counter = protocol("counter@1", {
  add: tell<number>(),
  total: ask<undefined, number>(),
  "user.login": ask<undefined, undefined>(),
});
const Feed = protocol("my.feed@2", { tail: stream<undefined, number>() });

const counter = actor(Counter, () => 0, {
  add: () => {},
  total: () => 0,
  "user.login": () => undefined,
});
const feed = actor(Feed, () => undefined, {
  async *tail() {
    yield 1;
  },
});
const CHILDREN: readonly ChildSpec[] = [
  child(counter),
  child(counter, { name: "a" }),
  child(feed, { name: "b" }),
  child(counter, { name: "c" }),
];

const Session = protocol("session@1", { said: ask<string, string>() });
const Boss = protocol("boss@1", { next: ask<undefined, number>() });
const REGISTERED: readonly ActorRegistration[] = [
  virtual(actor(Session, () => undefined, { said: (_ctx, text) => text })),
  singleton(
    actor(Boss, () => 0, { next: () => 1 }),
    { name: "the-boss" },
  ),
  spawnable(counter, { name: "spare" }),
];

t.test("namedOperation", async (t) => {
  t.test("T1: tells a protocol with dots from an operation with dots", async (t) => {
    t.same(namedOperation("my.feed@2.tail"), { protocol: "my.feed@2", operation: "tail" });
    t.same(namedOperation("counter@1.user.login"), {
      protocol: "counter@1",
      operation: "user.login",
    });
    t.same(namedOperation("user.login"), { protocol: undefined, operation: "user.login" });
    t.same(namedOperation(undefined), { protocol: undefined, operation: undefined });
  });
});

t.test("operationTarget", async (t) => {
  const found = (op?: string, name?: string) =>
    operationTarget(CHILDREN, REGISTERED, {
      module: "m.js",
      ...(op === undefined ? {} : { op }),
      ...(name === undefined ? {} : { actor: name }),
    });

  t.test("T1: takes the first ask by default, and any operation that is named", async (t) => {
    t.match(found(), { operation: "total", kind: "ask", actors: ["a", "c"] });
    t.match(found("add"), { operation: "add", kind: "tell" });
    t.match(found("my.feed@2.tail"), { operation: "tail", kind: "stream", actors: ["b"] });
    t.match(found("tail"), { protocol: { name: "my.feed@2" }, actors: ["b"] });
  });

  t.test("T2: actors of one protocol take turns, on every node", async (t) => {
    const target = found("total");
    t.same(addressesOf(target, ["n1", "n2"], undefined), ["n1/a", "n1/c", "n2/a", "n2/c"]);
    t.same(addressesOf(found("total", "c"), ["n1"], "c"), ["n1/c"]);
    t.same(addressesOf(target, ["n1"], "other/path/c"), ["other/path/c"]);
  });

  t.test("T3: finds virtual actors by their keys, and singletons by their name", async (t) => {
    const sessions = found("session@1.said");
    t.match(sessions, { dwelling: "virtual", actors: ["session"], kind: "ask" });
    t.same(keysOf(sessions, 2), [
      { type: "session", key: "load-1" },
      { type: "session", key: "load-2" },
    ]);
    t.match(found("next"), { dwelling: "singleton", actors: ["the-boss"] });
    t.match(found("total"), { dwelling: "child", actors: ["a", "c"] }, "children first");
  });

  t.test("says what there is where something is not", async (t) => {
    t.throws(() => found(undefined, "z"), {
      exitCode: 4,
      message: "no actor z in m.js: it has a, b, c, session, the-boss",
    });
    t.throws(() => found("x@1.y"), {
      exitCode: 4,
      message: "no actor of x@1 in m.js: it has counter@1, my.feed@2, session@1, boss@1",
    });
    t.throws(() => found("counter@1.y"), {
      exitCode: 4,
      message: "no operation y: counter@1 has add, total, user.login",
    });
    t.throws(() => found("session@1.$remind"), {
      exitCode: 4,
      message: "no operation $remind: session@1 has said",
    });
    t.throws(() => addressesOf(found(), [], "a b/c"), { exitCode: 2, message: /not an address/ });
  });
});
