/** Virtual actors in a seeded world: senders that count, receivers that record, and what must hold. */
import {
  type Ask,
  actor,
  ask,
  type Duration,
  type Placement,
  type Protocol,
  protocol,
  type System,
  singleton,
  type Tell,
  tell,
  virtual,
} from "../../../runtime/index.ts";
import type { SeededWorld } from "../../../runtime/testing/index.ts";

/** A message that was handled. */
export interface Handled {
  readonly node: string;
  readonly key: string;
  readonly token: number;
  readonly sender: string;
  readonly sequence: number;
  /** Whether the activation still held its key. */
  readonly held: boolean;
}

export const Account: Protocol<{
  put: Tell<{ sender: string; sequence: number }>;
  sum: Ask<undefined, { node: string; token: number; puts: number }>;
}> = protocol("account@1", {
  put: tell<{ sender: string; sequence: number }>(),
  sum: ask<undefined, { node: string; token: number; puts: number }>(),
});

const Teller = protocol("teller@1", { send: tell<{ key: string; times: number }>() });

export const Guard: Protocol<{
  where: Ask<undefined, { node: string; token: number }>;
}> = protocol("guard@1", {
  where: ask<undefined, { node: string; token: number }>(),
});

/** How a node runs accounts. */
export interface HostOptions {
  readonly passivateAfter?: Duration;
  readonly limit?: number;
  readonly roles?: readonly string[];
}

/** What the nodes of a world do, and what came of it. */
export class Bank {
  readonly handled: Handled[] = [];
  /** Activations of the singleton that began. */
  readonly guards: { readonly node: string; readonly token: number }[] = [];
  sent = 0;
  readonly world: SeededWorld;
  readonly placement: Placement;
  readonly #next = new Map<string, number>();
  #lives = 0;

  constructor(world: SeededWorld, placement: Placement = "spread") {
    this.world = world;
    this.placement = placement;
  }

  /** A node that runs accounts, and one teller. */
  join(name: string, options: HostOptions = {}): System {
    const { passivateAfter = "5s", limit = 1_000, roles = [] } = options;
    const { handled, guards } = this;
    const account = actor(Account, () => ({ puts: 0 }), {
      put: (ctx, { sender, sequence }) => {
        ctx.state.puts++;
        const { activation } = ctx;
        if (activation === undefined) throw new Error("no activation");
        const { key, token } = activation;
        handled.push({ node: name, key, token, sender, sequence, held: activation.holds() });
      },
      sum: (ctx) => ({
        node: name,
        token: ctx.activation?.token ?? 0,
        puts: ctx.state.puts,
      }),
    });
    const guard = actor(
      Guard,
      (_input: undefined, ctx) => {
        const token = ctx.activation?.token ?? 0;
        guards.push({ node: name, token });
        return { node: name, token };
      },
      { where: (ctx) => ctx.state },
    );
    const system = this.world.system(name, {
      roles,
      actors: [
        virtual(account, { passivateAfter, limit, placement: this.placement }),
        singleton(guard),
      ],
    });
    this.#teller(system, name);
    return system;
  }

  /** A node that only sends. */
  visit(name: string): System {
    const system = this.world.system(name);
    this.#teller(system, name);
    return system;
  }

  /** Lets the teller of a node send to a key. */
  send(node: string, key: string, times = 1): void {
    this.world.system(node).refOf(Teller, `${node}/teller`).tell("send", { key, times });
  }

  #teller(system: System, node: string): void {
    const name = `${node}-${++this.#lives}`;
    const teller = actor(Teller, () => 0, {
      send: (ctx, { key, times }) => {
        for (let i = 0; i < times; i++) {
          const pair = `${name}>${key}`;
          const sequence = (this.#next.get(pair) ?? 0) + 1;
          this.#next.set(pair, sequence);
          this.sent++;
          ctx.actorOf(Account, key).tell("put", { sender: name, sequence });
        }
      },
    });
    system.spawn(teller, { name: "teller", mailbox: { capacity: 100_000 } });
  }

  /** What is wrong with the record; empty when nothing is. */
  faults(): readonly string[] {
    const faults: string[] = [];
    const lastOf = new Map<string, number>();
    const tokenOf = new Map<string, number>();
    const ownerOf = new Map<string, string>();
    for (const { node, key, token, sender, sequence, held } of this.handled) {
      const pair = `${sender}>${key}`;
      const last = lastOf.get(pair) ?? 0;
      if (sequence === last) faults.push(`T1: ${pair} ${sequence} was handled twice`);
      else if (sequence < last) faults.push(`T2: ${pair} ${sequence} came after ${last}`);
      lastOf.set(pair, Math.max(last, sequence));
      if (token < (tokenOf.get(key) ?? 0)) {
        faults.push(`V1: ${key} went from token ${tokenOf.get(key)} back to ${token} on ${node}`);
      }
      tokenOf.set(key, token);
      const owner = ownerOf.get(`${key} ${token}`) ?? node;
      if (owner !== node) faults.push(`V1: token ${token} of ${key} is ${owner}'s and ${node}'s`);
      ownerOf.set(`${key} ${token}`, node);
      if (!held) faults.push(`V2: ${node} handled ${pair} ${sequence} without holding ${key}`);
    }
    let newest = 0;
    for (const { node, token } of this.guards) {
      if (token < newest) faults.push(`V1: the singleton began on ${node} with an old token`);
      newest = Math.max(newest, token);
    }
    return faults;
  }
}
