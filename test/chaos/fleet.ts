/**
 * The nodes of a chaos run: whoever ends is started again at once, as another life of the same name.
 *
 * Owns: lives and their ends, and the faults of a node that last until it serves again. What befalls nodes
 * otherwise is `nemesis.ts`.
 *
 * L1: a kill lasts in the history until the name serves again; its node takes the lease of its
 *     predecessor only once that has run out, so by then the dead incarnation is known to be dead.
 * L2: a process that ends in no way that is known is a mishap, whatever the history says.
 */
import { systemClock } from "../../runtime/ports/clock.ts";
import { until } from "../cluster/test-server.ts";
import type { Recorder } from "../invariants/recorder.ts";
import type { ChaosEnd, ChaosProcess } from "./chaos-process.ts";

/** What a fleet is made of. */
export interface FleetSetting {
  readonly names: readonly string[];
  readonly recorder: Recorder;
  /** Starts a life of a name. */
  readonly start: (name: string, life: string, crashAt: string | undefined) => ChaosProcess;
  /** Where the next life is to be killed, if anywhere. */
  readonly nextCrash: () => string | undefined;
}

const AGAIN_MS = 300;

/** One name and the life that it lives. */
interface Berth {
  readonly name: string;
  process: ChaosProcess | undefined;
  lives: number;
  /** Faults that are over when it serves again. */
  readonly open: string[];
}

/** See the file's header. */
export class Fleet {
  /** Processes that ended as none should. */
  readonly mishaps: string[] = [];
  readonly #setting: FleetSetting;
  readonly #berths: ReadonlyMap<string, Berth>;
  #runs: Promise<unknown> = Promise.resolve();
  #faults = 0;
  #isFlowing: boolean = false;
  #isOver: boolean = false;

  constructor(setting: FleetSetting) {
    this.#setting = setting;
    this.#berths = new Map(
      setting.names.map((name) => [name, { name, process: undefined, lives: 0, open: [] }]),
    );
  }

  /** Starts all of them. */
  start(): void {
    this.#runs = Promise.all([...this.#berths.values()].map((berth) => this.#run(berth)));
  }

  /** The life of a name, when it serves. */
  upOf(name: string): ChaosProcess | undefined {
    const process = this.#berths.get(name)?.process;
    return process?.isUp === true ? process : undefined;
  }

  /** Records a fault of a node that lasts until its name serves again. */
  fault(name: string, kind: string): void {
    const fault = `${kind} ${++this.#faults}`;
    this.#berths.get(name)?.open.push(fault);
    this.#setting.recorder.tell({ type: "fault.began", fault, kind, touches: [name] });
  }

  /** Waits until all serve. */
  async allUp(withinMs: number): Promise<void> {
    const isUp = () => this.#setting.names.every((name) => this.upOf(name) !== undefined);
    await until("all nodes serve", isUp, withinMs);
  }

  /** Has the flows of all go on, now and in lives to come. */
  flow(): Promise<unknown> {
    this.#isFlowing = true;
    return this.#each((process) => process.order({ type: "flow" }));
  }

  /** Resolves when nothing is under way. */
  async pause(): Promise<void> {
    this.#isFlowing = false;
    await this.#each((process) => process.order({ type: "pause" }));
  }

  /** Nobody is killed at a fail point any more. */
  async disarm(): Promise<void> {
    await Promise.all(
      [...this.#berths.values()].map(async ({ process }) => {
        if (process !== undefined && (await process.ready)) await process.order({ type: "disarm" });
      }),
    );
  }

  /** One of them asks every key until it answers. */
  async want(withinMs: number): Promise<void> {
    const [first] = this.#setting.names;
    await this.upOf(first ?? "")?.order({ type: "want", withinMs });
  }

  /** All record what they hold. */
  async stock(): Promise<void> {
    await this.#each((process) => process.order({ type: "stock" }));
  }

  /** Ends all of them. */
  async end(): Promise<void> {
    this.#isOver = true;
    for (const { process } of this.#berths.values()) await process?.end();
    await this.#runs;
  }

  #each(act: (process: ChaosProcess) => Promise<void>): Promise<unknown> {
    const processes = this.#setting.names.flatMap((name) => this.upOf(name) ?? []);
    return Promise.all(processes.map(act));
  }

  async #run(berth: Berth): Promise<void> {
    const { recorder, nextCrash, start } = this.#setting;
    while (!this.#isOver) {
      const life = String(++berth.lives);
      const process = start(berth.name, life, berth.lives > 1 ? nextCrash() : undefined);
      berth.process = process;
      const wasUp = await process.ready;
      if (wasUp) {
        for (const fault of berth.open.splice(0)) recorder.tell({ type: "fault.ended", fault });
        if (this.#isFlowing) void process.order({ type: "flow" });
      }
      this.#ended(berth, process, wasUp, await process.ended);
      if (!wasUp) await new Promise<void>((resolve) => systemClock.after(AGAIN_MS, resolve));
    }
  }

  #ended(berth: Berth, { name, life }: ChaosProcess, wasUp: boolean, end: ChaosEnd): void {
    const { how, failPoint, mishap } = end;
    if (failPoint !== undefined) this.fault(name, `kill at ${failPoint}`);
    if (how === "fenced") this.fault(name, "fenced");
    // One that did not start may have found no server; it is tried again.
    if (mishap !== undefined && wasUp) this.mishaps.push(`${name}#${life} ended: ${mishap}`);
    this.#setting.recorder.tell({ type: "life.ended", of: name, ofLife: life, how });
    if (berth.open.length === 0 && !this.#isOver) this.fault(name, "ended");
  }
}
