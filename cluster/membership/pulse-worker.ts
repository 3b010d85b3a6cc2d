/**
 * The thread that beats: it tells the cluster each second that this process lives, and how late its
 * main loop is, however busy that loop may be.
 *
 * Owns: the pulse connection. Its neighbour `pulse.ts` is the main loop's end.
 *
 * P1: a beat never waits for the main loop: state and lag are read from what it left.
 * P2: asked to leave, it says so once, closes its connection and ends.
 */
import { parentPort, workerData } from "node:worker_threads";
import { silentLog } from "../../runtime/log.ts";
import { systemClock } from "../../runtime/ports/clock.ts";
import { systemRandom } from "../../runtime/ports/random.ts";
import { messageOf } from "../../runtime/troupe-error.ts";
import { ASK_EVERY_MS, openSteadyConnection } from "../connections.ts";
import { heartbeatSubject } from "../wire/node-subject.ts";
import { beatAfter } from "./failure-detector.ts";
import type { HeartbeatState } from "./heartbeat.ts";
import { heartbeatBytes } from "./heartbeat.ts";
import type { PulseOrder, PulseReport, PulseSetup } from "./pulse.ts";
import { lagMsOf } from "./pulse.ts";

/** Runs until the main loop says that the node leaves. */
async function beat(setup: PulseSetup, port: NonNullable<typeof parentPort>): Promise<void> {
  const connection = await openSteadyConnection(setup.target, "pulse", {
    clock: systemClock,
    random: systemRandom(),
    log: silentLog, // the main loop's connections say the same
    askEveryMs: ASK_EVERY_MS,
  });
  const subject = heartbeatSubject(setup.target.cluster, setup.target.name);
  // Nearly every beat says what the last one did.
  let last: { state: HeartbeatState; lagMs: number; bytes: Uint8Array } | undefined;
  const say = (state: HeartbeatState): void => {
    const lagMs = lagMsOf(setup.mainLoop);
    if (last?.state !== state || last.lagMs !== lagMs) {
      const { incarnation, traits } = setup;
      const bytes = heartbeatBytes({ incarnation, state, lagMs, ...traits });
      last = { state, lagMs, bytes };
    }
    // What is published while disconnected would be dropped anyway, and an old beat misleads.
    connection.publish(subject, last.bytes);
  };
  let state: HeartbeatState = "up";
  let cancel = systemClock.after(0, function tick() {
    say(state);
    cancel = systemClock.after(beatAfter(systemClock.nowMs()), tick);
  });
  port.on("message", (order: PulseOrder) => {
    state = order.state;
    say(state);
    if (state !== "leaving") return;
    cancel();
    connection
      .flush()
      .catch(() => {})
      .then(() => connection.close())
      .finally(() => port.close());
  });
  const started: PulseReport = { type: "started" };
  port.postMessage(started);
}

if (parentPort !== null) {
  const port = parentPort;
  beat(workerData as PulseSetup, port).catch((error: unknown) => {
    const failed: PulseReport = { type: "failed", message: messageOf(error) };
    port.postMessage(failed);
    port.close();
  });
}
