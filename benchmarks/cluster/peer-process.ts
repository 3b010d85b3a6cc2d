/** The entry of a peer's process: it serves until the measuring process lets go of it. */
import { servesBare } from "./bare-peer.ts";
import { servesMoleculer } from "./moleculer-peer.ts";
import type { PeerAnswer, PeerKind, PeerQuestion, PeerSetting } from "./peer.ts";
import { servesTroupe } from "./troupe-peer.ts";

/** What serves in it. */
export interface Serving {
  /** How many messages it received since it was last asked. */
  count(): number;
  stop(): Promise<void>;
}

const SERVE: Readonly<Record<PeerKind, (setting: PeerSetting) => Promise<Serving>>> = {
  troupe: servesTroupe,
  bare: servesBare,
  moleculer: servesMoleculer,
};

const setting = JSON.parse(process.argv[2] ?? "") as PeerSetting;
try {
  const serving = await SERVE[setting.kind](setting);
  process.on("message", (_question: PeerQuestion) =>
    say({ type: "count", count: serving.count() }),
  );
  process.once("disconnect", () => void serving.stop().finally(() => process.exit(0)));
  say({ type: "ready" });
} catch (error) {
  say({ type: "failed", message: error instanceof Error ? error.message : String(error) });
  process.exit(1);
}

function say(answer: PeerAnswer): void {
  process.send?.(answer);
}
