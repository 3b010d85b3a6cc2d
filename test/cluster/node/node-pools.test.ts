import t from "tap";
import { bidder, worker } from "../../../actors/index.ts";
import { pooled } from "../../../cluster/node/node-pools.ts";
import { capability } from "../../../protocols/index.ts";
import {
  type ActorDefinition,
  type AnyActorRef,
  actor,
  child,
  createSystem,
  pool,
  protocol,
  silentLog,
} from "../../../runtime/index.ts";

const reader = worker(capability("read@1"), () => "read");
const classifier = worker(capability("classify@2"), () => "classified");
const seller = bidder({
  kind: "k",
  capability: "sell@1",
  price: () => 1,
  perform: () => ({ result: 1 }),
});
const desk: ActorDefinition<Record<never, never>, undefined> = actor(
  protocol("desk@1", {}),
  () => undefined,
  {},
);
const children = [
  child(reader, { name: "reader" }),
  child(classifier),
  child(seller, { name: "seller" }),
  child(pool(reader, { size: 2 }), { name: "readers" }),
  child(desk, { name: "desk" }),
  child(desk, { name: "night-desk", capability: "night@1" }),
];

t.test("pools", async (t) => {
  t.test("start all children once when none are asked for", async (t) => {
    t.equal(pooled(children, undefined), children);
  });

  t.test("P1, P2: start those that serve a capability, as many as asked for", async (t) => {
    const chosen = pooled(children, { "read@1": 2, classify: 3, "night@1": 1 });
    const names = ["reader-1", "reader-2", "readers-1", "readers-2"];
    const unnamed = [undefined, undefined, undefined];
    t.same(
      chosen.map(({ name }) => name),
      [...names, ...unnamed, "night-desk"],
    );
    const system = createSystem({ log: silentLog });
    const refs: readonly AnyActorRef[] = chosen.map((spec) => spec.start(system));
    await Promise.all(refs.map((ref) => ref.ready));
    t.same(
      refs.slice(0, 4).map(({ address }) => address),
      names.map((name) => `local/${name}`),
    );
    t.equal(new Set(refs.map(({ address }) => address)).size, refs.length);
    await system.shutdown();
  });

  t.test("P3: a capability that no child serves is refused in one line", async (t) => {
    t.throws(() => pooled(children, { "red@1": 1 }), {
      code: "config.invalid",
      message: "pools: no child serves red@1; the module has read@1, classify@2, sell@1, night@1",
    });
    t.throws(() => pooled([child(desk)], { red: 1 }), /none that says what it serves/);
  });
});
