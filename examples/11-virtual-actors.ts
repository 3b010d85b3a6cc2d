/** A virtual actor is there when it is spoken to, on one node of the cluster; its state survives that node. */
import { ask, durableState, protocol, startNode, virtual } from "troupe";

const Basket = protocol("basket@1", {
  put: ask<string, { items: string[]; node: string }>(),
});

const basket = durableState(
  Basket,
  { version: 1, initial: (): { items: string[] } => ({ items: [] }) },
  {
    put: (ctx, item) => {
      ctx.state.items.push(item);
      // Stored before this answer leaves.
      return { items: ctx.state.items, node: ctx.ports.membership.self.name };
    },
  },
);
const actors = [virtual(basket, { passivateAfter: "10m" })];

const shop = await startNode({ name: "shop" }); // brings a nats-server along, and runs no baskets
const hosts = await Promise.all(
  ["a", "b"].map((name) => startNode({ name, nats: shop.natsUrl, actors })),
);

const ada = shop.actorOf(Basket, "ada");
const first = await ada.ask("put", "apples");
process.stdout.write(`${first.items.join(", ")}\n`);

const left = hosts.find(({ name }) => name === first.node);
await left?.stop();
const second = await ada.ask("put", "pears");
process.stdout.write(
  `${second.items.join(", ")}, on another node: ${second.node !== left?.name}\n`,
);

for (const host of hosts) await host.stop();
await shop.stop();
