/** moleculer over NATS: a broker with one service, and the broker that calls it. */
import { rivalModule } from "../rivals/rival.ts";
import type { PeerSetting } from "./peer.ts";
import type { Serving } from "./peer-process.ts";

/** A broker, as far as it is used here. */
export interface RemoteBroker {
  createService(schema: unknown): unknown;
  start(): Promise<void>;
  stop(): Promise<void>;
  waitForServices(names: readonly string[], timeoutMs: number, everyMs: number): Promise<unknown>;
  call(action: string, params: unknown, options?: unknown): Promise<unknown>;
}

interface Moleculer {
  readonly ServiceBroker: new (options: unknown) => RemoteBroker;
}

/** Starts a broker on a server; its settings are moleculer's own. */
export async function startBroker(nodeID: string, setting: PeerSetting): Promise<RemoteBroker> {
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
