/**
 * Brings the faults of a storm about, and records each before it does.
 *
 * Owns: how a fault is made of signals and proxies, and until when it counts. What befalls whom is
 * `storm.ts`; lives and their ends are `fleet.ts`.
 *
 * M1: whatever it breaks it mends again, also when the storm is given up.
 */
import type { NatsConnection } from "nats";
import { systemClock } from "../../runtime/ports/clock.ts";
import type { Recorder } from "../invariants/recorder.ts";
import type { ChaosServers } from "./chaos-servers.ts";
import type { Fleet } from "./fleet.ts";
import type { PlannedFault, StormFault } from "./storm.ts";

/** What it befalls. */
export interface NemesisSetting {
  readonly fleet: Fleet;
  readonly servers: ChaosServers;
  readonly recorder: Recorder;
  /** By which it finds out who leads. */
  readonly connection: NatsConnection;
  readonly cluster: string;
}

/**
 * For so long after a server answers again, or a way is open again, what is sent may still get lost: connections
 * come back one after the other, and who has sent before its receiver has subscribed anew has sent in vain.
 */
export const AFTERMATH_MS = 2_000;
const DELAY_MS = 150;

/** See the file's header. */
export class Nemesis {
  readonly #setting: NemesisSetting;
  #faults = 0;

  constructor(setting: NemesisSetting) {
    this.#setting = setting;
  }

  /** Brings all of them about, and resolves when what can be mended is mended. */
  async storm(faults: readonly PlannedFault[]): Promise<void> {
    const startMs = systemClock.monotonicMs();
    const under: Promise<void>[] = [];
    for (const fault of faults) {
      await pause(startMs + fault.atMs - systemClock.monotonicMs());
      under.push(this.#bring(fault));
    }
    await Promise.all(under);
  }

  async #bring(fault: StormFault): Promise<void> {
    switch (fault.type) {
      case "kill":
      case "drain":
        return this.#endNode(fault.node, fault.type);
      case "pause":
        return this.#pauseNode(fault.node, fault.forMs);
      case "reset":
        return this.#block(fault.node, "cut", 0, "reset");
      case "cut":
        return this.#block(fault.node, "cut", fault.forMs, "cut");
      case "stall":
        return this.#block(fault.node, "stalled", fault.forMs, "stall");
      case "delay":
        return this.#delay(fault.node, fault.forMs);
      case "server-kill":
      case "server-stop":
        return this.#befallServer(fault);
    }
  }

  async #endNode(node: string, how: "kill" | "drain"): Promise<void> {
    const { fleet } = this.#setting;
    const process = fleet.upOf(node);
    if (process === undefined) return;
    const kind = process.diesLeaving ? "drain" : how;
    fleet.fault(node, kind);
    process.signal(kind === "kill" ? "SIGKILL" : "SIGTERM");
  }

  async #pauseNode(node: string, forMs: number): Promise<void> {
    const process = this.#setting.fleet.upOf(node);
    if (process === undefined) return;
    const end = this.#began("pause", [node], true);
    process.signal("SIGSTOP");
    await pause(forMs);
    process.signal("SIGCONT");
    end();
  }

  async #block(node: string, fault: "cut" | "stalled", forMs: number, kind: string): Promise<void> {
    const proxy = this.#setting.servers.proxyOf(node);
    if (proxy === undefined) return;
    const end = this.#began(kind, [node]);
    proxy.befall(fault, "");
    await pause(forMs);
    proxy.heal();
    await pause(AFTERMATH_MS);
    end();
  }

  async #delay(node: string, forMs: number): Promise<void> {
    const proxy = this.#setting.servers.proxyOf(node);
    if (proxy === undefined) return;
    const end = this.#began("delay", [node]);
    proxy.delay(DELAY_MS);
    await pause(forMs);
    proxy.delay(0);
    end();
  }

  async #befallServer({
    type,
    leader,
    forMs,
  }: Extract<StormFault, { leader: boolean }>): Promise<void> {
    const { cluster, connection, servers } = this.#setting;
    const leads = await servers.leaderOf(connection, cluster).catch(() => 0);
    const index = leader ? leads : (leads + 1) % servers.size;
    const whose = servers.size > 1 && leader ? "leader" : "server";
    const end = this.#began(`${whose} ${type === "server-kill" ? "killed" : "stopped"}`, []);
    if (type === "server-kill") {
      await servers.kill(index);
      await pause(forMs);
      await servers.relaunch(index);
    } else {
      await servers.freeze(index);
      await pause(forMs);
      servers.thaw(index);
    }
    await pause(AFTERMATH_MS);
    end();
  }

  /** Records a fault; what is returned records its end. */
  #began(kind: string, touches: readonly string[], stalls = false): () => void {
    const { recorder } = this.#setting;
    const fault = `${kind} by nemesis ${++this.#faults}`;
    recorder.tell({ type: "fault.began", fault, kind, touches, ...(stalls ? { stalls } : {}) });
    return () => recorder.tell({ type: "fault.ended", fault });
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => systemClock.after(Math.max(0, ms), resolve));
}
