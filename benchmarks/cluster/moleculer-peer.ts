/** moleculer over NATS: a broker with one service, and the broker that calls it. */
import type { Broker, Moleculer } from "../rivals/moleculer.ts";
import { rivalModule } from "../rivals/rival.ts";
import type { PeerSetting } from "./peer.ts";
import type { Serving } from "./peer-process.ts";

/** Starts a broker on a server; its settings are moleculer's own. */
export async function startBroker(nodeID: string, setting: PeerSetting): Promise<Broker> {
  const { rivalsDir } = setting;
  const { ServiceBroker } = rivalModule<Moleculer>("moleculer", {
    quick: false,
    seed: 0,
    ...(rivalsDir === undefined ? {} : { rivalsDir }),
  });
  const broker = new ServiceBroker({ nodeID, logger: false, transporter: setting.url });
  if (nodeID === "peer") {
    // It carries JSON: bytes would travel as an array of numbers, so a text of the same length does.
    broker.createService({
      name: "echo",
      actions: {
        echo: (ctx: { readonly params: { readonly body: string } }) => ({ body: ctx.params.body }),
      },
    });
  }
  await broker.start();
  return broker;
}

/** Serves the actions. */
export async function servesMoleculer(setting: PeerSetting): Promise<Serving> {
  const broker = await startBroker("peer", setting);
  return { count: () => 0, stop: () => broker.stop() };
}
