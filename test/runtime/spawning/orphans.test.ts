import t from "tap";
import {
  type ActorDefinition,
  type ActorRef,
  actor,
  ask,
  nodeOf,
  protocol,
  type System,
  spawnable,
  tell,
} from "../../../runtime/index.ts";
import { SPAWN_NAME, Spawn } from "../../../runtime/spawning/spawn-protocol.ts";
import { forSeeds, type SeededWorld, seededWorld } from "../../../runtime/testing/index.ts";
import { crew, Hand, type HandInput } from "./crew-under-test.ts";

const SEEDS = 60;
/** Long enough for verdicts, audits and every pause between tries. */
const QUIESCENCE = "3m";

const Limb = protocol("limb@1", { ping: ask<undefined, string>(), fail: tell() });

/** One start of a limb, on whichever node. */
interface Life {
  readonly name: string;
  readonly node: string;
  over: boolean;
}

function limbInto(lives: Life[]): ActorDefinition<(typeof Limb)["operations"], { name: string }> {
  return actor(
    Limb,
    ({ name }: { name: string }, ctx) => {
      const life = { name, node: nodeOf(ctx.self.address), over: false };
      lives.push(life);
      ctx.signal.addEventListener("abort", () => {
        life.over = true;
      });
      return name;
    },
    {
      ping: (ctx) => ctx.state,
      fail: () => {
        throw new Error("cut");
      },
    },
  );
}

interface Limbs {
  readonly world: SeededWorld;
  readonly lives: Life[];
  readonly limb: ReturnType<typeof limbInto>;
  join(name: string): System;
}

function limbs(seed: number): Limbs {
  const world = seededWorld({ seed });
  const lives: Life[] = [];
  const limb = limbInto(lives);
  const join = (name: string): System =>
    world.system(name, { roles: name === "home" ? [] : ["crew"], actors: [spawnable(limb)] });
  for (const name of ["home", "n1", "n2", "n3"]) join(name);
  return { world, lives, limb, join };
}

/** What died with its node is over. */
function buried(lives: readonly Life[], node: string): void {
  for (const life of lives) if (life.node === node) life.over = true;
}

t.test("G7: S3 no orphan is left", async (t) => {
  t.test("when the stand-in of a child is killed", async (t) => {
    const { world, home, hand, log } = crew(1);
    const ref = home.spawn(hand, { name: "h", input: { name: "h" }, placement: "node:n1" });
    await world.run(ref.ready);
    await world.run(home.stop(ref, "kill"));
    await world.advance("1s");
    t.same(log.lines, ["h starts on n1", "h ends"]);
    await world.end();
  });

  t.test("when the message that ends the child is lost", async (t) => {
    const { world, home, hand, log } = crew(2);
    const ref = home.spawn(hand, { name: "h", input: { name: "h" }, placement: "node:n1" });
    await world.run(ref.ready);
    world.faults.links.loss = 1;
    await world.run(home.stop(ref, "kill"));
    await world.advance("2s");
    world.faults.links.loss = 0;
    await world.advance("12s");
    t.same(log.lines, ["h starts on n1", "h ends"]);
    await world.end();
  });

  t.test("when the supervisor's node is down", async (t) => {
    const { world, home, hand, log } = crew(3);
    const ref = home.spawn(hand, { name: "h", input: { name: "h" }, placement: "node:n1" });
    await world.run(ref.ready);
    world.crash("home");
    await world.advance("8s");
    t.same(log.lines, ["h starts on n1", "h ends"]);
    await world.end();
  });

  t.test("when the supervisor is restarted without the child", async (t) => {
    const { world, home, hand, log } = crew(4);
    const Boss = protocol("boss@1", { fail: tell() });
    let starts = 0;
    const boss = actor(
      Boss,
      (_input: undefined, ctx) => {
        starts++;
        const input: HandInput = { name: "h" };
        if (starts === 1) ctx.spawn(hand, { name: "h", input, placement: "node:n1" });
      },
      {
        fail: () => {
          throw new Error("no more hands");
        },
      },
    );
    const ref = home.spawn(boss, { name: "boss" });
    await world.run(home.refOf(Hand, "home/boss/h").ready.catch(() => {}));
    await world.advance("1s");
    ref.tell("fail");
    await world.advance("2s");
    t.equal(starts, 2);
    t.same(log.lines, ["h starts on n1", "h ends"]);
    await world.end();
  });

  t.test("when the answer to a spawn is lost: it is undone before another is tried", async (t) => {
    const { world, lives, limb } = limbs(5);
    const home = world.system("home");
    const ref = home.spawn(limb, { name: "l", input: { name: "l" }, placement: "role:crew" });
    t.ok(await world.advanceUntil(() => lives.length === 1, "1s"));
    world.faults.links.loss = 1;
    await world.advance("1s");
    world.faults.links.loss = 0;
    await world.advance("1m");
    t.equal(await world.run(ref.ask("ping")), "l");
    t.equal(lives.filter(({ over }) => !over).length, 1);
    await world.end();
  });

  t.test("when another node takes over what its supervisor did, and says so", async (t) => {
    const { world, home, hand, log } = crew(7);
    for (const name of ["h", "hh"]) {
      await world.run(home.spawn(hand, { name, input: { name }, placement: "node:n1" }).ready);
    }
    const spawning = world.system("n2").refOf(Spawn, `n1/${SPAWN_NAME}`);
    await world.run(spawning.ask("disown", { path: "h" }));
    t.same(log.lines, ["h starts on n1", "hh starts on n1", "h ends"]);
    await world.end();
  });

  t.test(
    "regression: when its start comes again after it was told to end, or after a take-over",
    async (t) => {
      const { world, home, log } = crew(8);
      const spawning = world.system("n2").refOf(Spawn, `n1/${SPAWN_NAME}`);
      const start = (id: string, node: string) => {
        const { incarnation } = world.system(node).ports.membership.self;
        const at = { node, incarnation, address: `${node}/h` };
        const of = { type: "hand", protocol: Hand.name, input: { name: id }, options: {} };
        return world.run(spawning.ask("start", { ...of, id, home: at }));
      };
      t.match(await start("once", "home"), { ok: true });
      await world.run(spawning.ask("stop", { id: "once", how: "stop" }));
      t.match(await start("once", "home"), { ok: false, refusal: { kind: "failed" } });
      const { incarnation } = world.system("n2").ports.membership.self;
      await world.run(spawning.ask("disown", { path: "h", by: { node: "n2", incarnation } }));
      t.match(await start("late", home.node), { ok: false, refusal: { kind: "failed" } });
      t.match(await start("heir", "n2"), { ok: true }, "only who took over starts any more");
      await world.run(spawning.ask("disown", { path: "h" }));
      t.match(await start("older", home.node), { ok: true }, "an older release says not who it is");
      t.same(
        log.lines.filter((line) => line.includes("starts")),
        ["once starts on n1", "heir starts on n1", "older starts on n1"],
      );
      await world.end();
    },
  );

  t.test("when a supervisor's node leaves and comes back under the same name", async (t) => {
    const { world, lives, limb, join } = limbs(6);
    const home = world.system("home");
    const ref = home.spawn(limb, { name: "l", input: { name: "l" }, placement: "node:n1" });
    await world.run(ref.ready);
    world.crash("home");
    join("home");
    await world.advance(QUIESCENCE);
    t.equal(lives.filter(({ over }) => !over).length, 0);
    await world.end();
  });
});

t.test("G7: S3 whatever nodes and links do, each child lives once in the end", async (t) => {
  t.setTimeout(240_000);
  let answering = 0;
  await t.resolves(
    forSeeds({ suite: "children elsewhere", seeds: SEEDS }, async (seed) => {
      const { world, lives, limb, join } = limbs(seed);
      const home = world.system("home");
      const refs = new Map<string, ActorRef<(typeof Limb)["operations"]>>();
      for (const name of ["a", "b", "c", "d"]) {
        const ref = home.spawn(limb, {
          name,
          input: { name },
          placement: "role:crew",
          restart: "permanent",
        });
        refs.set(name, ref);
      }
      world.faults.links.loss = 0.02;
      world.faults.links.delayMs = [0, 50];
      world.faults.members.delayMs = [0, 300];
      const stopped = new Set<string>();
      const { random } = world;
      for (let step = 0; step < 25; step++) {
        const node = `n${random.int(3) + 1}`;
        const name = "abcd"[random.int(4)] ?? "a";
        switch (random.int(6)) {
          case 0:
            if (!world.nodes.includes(node)) break;
            world.crash(node);
            buried(lives, node);
            await world.advance(random.int(3_000));
            join(node);
            break;
          case 1:
            world.pause(node);
            await world.advance(random.int(2_000));
            // One that was paused for too long is fenced, and all in it is over.
            world.resume(node);
            if (!world.nodes.includes(node)) {
              buried(lives, node);
              join(node);
            }
            break;
          case 2:
            world.cut("home", node);
            await world.advance(random.int(2_000));
            world.heal("home", node);
            break;
          case 3:
            refs.get(name)?.tell("fail");
            break;
          case 4:
            if (stopped.size < 2) {
              const ref = refs.get(name);
              if (ref !== undefined && !stopped.has(name)) {
                stopped.add(name);
                void home.stop(ref, random.int(2) === 0 ? "kill" : "stop");
              }
            }
            break;
          case 5:
            await world.stop(node);
            buried(lives, node);
            join(node);
            break;
        }
        await world.advance(random.int(2_000));
      }
      world.faults.links.loss = 0;
      await world.advance(QUIESCENCE);
      const alive = lives.filter(({ over }) => !over).map(({ name }) => name);
      for (const [name, ref] of refs) {
        const answer = await world.run(ref.ask("ping", undefined, { timeout: "5s" }).catch(String));
        const isThere = answer === name;
        if (isThere) answering++;
        const count = alive.filter((other) => other === name).length;
        if (count !== (isThere ? 1 : 0)) {
          throw new Error(`${name} lives ${count} times, and answers ${answer}`);
        }
        if (isThere && stopped.has(name)) throw new Error(`${name} was stopped, and answers`);
      }
      await world.end();
    }),
  );
  t.ok(answering > SEEDS, `${answering} children answer in the end`);
});
