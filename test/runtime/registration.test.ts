import t from "tap";
import { actor } from "../../runtime/actor.ts";
import { createSystem } from "../../runtime/create-system.ts";
import { protocol } from "../../runtime/protocol.ts";
import { type Registration, singleton, spawnable, virtual } from "../../runtime/registration.ts";

const plain = actor(protocol("desk@2", {}), () => 0, {});
const fed = actor(protocol("fed@1", {}), (input: { readonly user: string }) => input, {});

t.test("Registration", async (t) => {
  t.test("is named after the protocol unless it says otherwise", (t) => {
    t.equal(virtual(plain).name, "desk");
    t.equal(singleton(plain, { name: "front-desk" }).name, "front-desk");
    t.equal(spawnable(plain).name, "desk");
    t.end();
  });

  t.test("says what an activation is made from", (t) => {
    t.same(virtual(fed, { input: (user) => ({ user }) }).inputOf("u1"), { user: "u1" });
    t.same(singleton(fed, { input: { user: "one" } }).inputOf("fed"), { user: "one" });
    t.equal(virtual(plain).inputOf("k"), undefined);
    t.end();
  });

  t.test("has defaults: spread, two minutes, a hundred thousand", (t) => {
    const { placement, passivateAfterMs, limit } = virtual(plain);
    t.same(
      { placement, passivateAfterMs, limit },
      {
        placement: "spread",
        passivateAfterMs: 120_000,
        limit: 100_000,
      },
    );
    t.end();
  });

  t.test("keeps the options of an actor that others may spawn", (t) => {
    t.same(spawnable(plain, { name: "w", restart: "permanent" }).options, { restart: "permanent" });
    t.end();
  });

  t.test("refuses a wrong option where it is given", (t) => {
    t.throws(() => virtual(plain, { name: "1st" }), TypeError);
    t.throws(() => virtual(plain, { passivateAfter: 0 }), RangeError);
    t.throws(() => virtual(plain, { limit: 1.5 }), RangeError);
    t.throws(() => virtual(plain, { placement: "role:" }), /not a placement: "role:"/);
    const wrong = { placement: "local" as "spread" };
    t.throws(() => singleton(plain, wrong), /a singleton cannot be local/);
    t.end();
  });

  t.test("G1: a name means one registration in a system", async (t) => {
    const twice = [virtual(plain), singleton(plain)];
    t.throws(() => createSystem({ actors: twice }), /two actors are registered as desk/);
    t.throws(
      () => createSystem({ actors: [7 as unknown as Registration] }),
      /an array of virtual\(…\), singleton\(…\) or spawnable\(…\)/,
    );
    const system = createSystem({ actors: [virtual(plain), spawnable(fed)] });
    t.same([...system.registrations.keys()], ["desk", "fed"]);
    await system.shutdown();
  });
});
