/**
 * What one node does in a chaos run: it works, and sends and asks without end until it is told to pause.
 *
 * Owns: the flows, each a loop of one step at a time, and their pace.
 *
 * F1: nothing is retried: what fails is recorded as what it is, and the flow goes on.
 * F2: when the flows pause nothing of theirs is under way any more.
 */
import type { Node } from "../../cluster/node/node.ts";
import { Auctioneer } from "../../protocols/market/auction.ts";
import { systemClock } from "../../runtime/ports/clock.ts";
import type { Random } from "../../runtime/ports/random.ts";
import type { TroupeError } from "../../runtime/troupe-error.ts";
import { Line } from "../invariants/line.ts";
import { makerName } from "../invariants/no-zombie-result.ts";
import type { Mark } from "../invariants/record.ts";
import { recordedTasks } from "../invariants/recorded-tasks.ts";
import type { Recorder } from "../invariants/recorder.ts";
import { Account, Book, HALL, PEER, Peer, SOLD, Tally } from "./chaos-actors.ts";

/** The capability of all tasks. */
export const CAPABILITY = "chaos@1";

/** What flows are made of. */
export interface FlowSetting {
  readonly node: Node;
  readonly recorder: Recorder;
  readonly random: Random;
  /** All nodes by name, this one too. */
  readonly names: readonly string[];
  /** Of virtual actors. */
  readonly keys: readonly string[];
  /** About how long a flow waits between two steps. */
  readonly paceMs: number;
}

/** Actors whose state outlives them, by what they are registered as. */
const KEPT = { account: Account, book: Book } as const;
type Kept = keyof typeof KEPT;

/** The input of a task that fails for good, and how many of all are such. */
const FAILS = "fails";
const FAILING = 0.03;
const ASK_MS = 5_000;
const WANT_MS = 1_500;
const AUCTION_MS = 15_000;
const BUDGET_MICROS = 1_000;
const MOST_TASK_MS = 40;
const AT_A_TIME = 4;

/** The flows of a node; see the file's header. */
export class ChaosFlows {
  readonly #setting: FlowSetting;
  readonly #lines = new Map<string, Line>();
  #isOn: boolean = false;
  #flows: Promise<unknown> = Promise.resolve();
  #tasks = 0;
  #auctions = 0;

  constructor(setting: FlowSetting) {
    this.#setting = setting;
    this.#work();
  }

  /** Goes on, or begins. */
  resume(): void {
    if (this.#isOn) return;
    this.#isOn = true;
    this.#flows = Promise.all([
      this.#repeat(() => this.#submit()),
      this.#repeat(() => this.#add("account", this.#one(this.#setting.keys))),
      this.#repeat(() => this.#add("book", this.#one(this.#setting.keys))),
      this.#repeat(() => this.#tally(this.#one(this.#setting.keys))),
      this.#repeat(() => this.#hail(this.#one(this.#setting.names))),
      this.#repeat(() => this.#auction()),
    ]);
  }

  /** Resolves when nothing is under way (F2). */
  async pause(): Promise<void> {
    this.#isOn = false;
    await this.#flows;
  }

  /** Asks every key until it has answered or its time is up (V3). */
  async wantAll(withinMs: number): Promise<void> {
    const { keys, recorder } = this.#setting;
    const untilMs = recorder.nowMs() + withinMs;
    const want = async (actor: Kept, key: string): Promise<void> => {
      recorder.tell({ type: "activation.wanted", actor, key });
      while (!(await this.#add(actor, key, WANT_MS)) && recorder.nowMs() < untilMs)
        await this.#pace();
    };
    await Promise.all(keys.flatMap((key) => [want("account", key), want("book", key)]));
  }

  #work(): void {
    const { node, recorder, random } = this.#setting;
    node.system.ports.tasks.work(
      CAPABILITY,
      async ({ attempt, input }) => {
        await pause(random.int(MOST_TASK_MS));
        if (input === FAILS) throw new Error("as its submitter wants");
        return { maker: makerName(recorder.node, recorder.life, attempt) };
      },
      { concurrency: AT_A_TIME },
    );
  }

  async #repeat(step: () => Promise<unknown>): Promise<void> {
    while (this.#isOn) {
      await step();
      await this.#pace();
    }
  }

  #pace(): Promise<void> {
    const { paceMs, random } = this.#setting;
    return pause((0.5 + random.next()) * paceMs);
  }

  async #submit(): Promise<void> {
    const { node, random, recorder } = this.#setting;
    const id = `chaos.${recorder.node}.${recorder.life}.${++this.#tasks}`;
    const tasks = recordedTasks(node.system.ports.tasks, recorder);
    const fails = random.next() < FAILING;
    const what = fails ? { input: FAILS, maxAttempts: 1 } : { input: null, maxAttempts: 1_000 };
    await tasks.submit({ id, capability: CAPABILITY, ...what }).catch(() => {});
  }

  /** `true` = it was added, and stands. */
  async #add(actor: Kept, key: string, timeoutMs: number = ASK_MS): Promise<boolean> {
    const { node, recorder } = this.#setting;
    const ref = node.actorOf(KEPT[actor], key);
    const added = await this.#ask(this.#line(`${actor}/${key}`), timeoutMs, (mark) =>
      ref.ask("add", { mark }, { timeout: timeoutMs }),
    );
    if (added === undefined) return false;
    const { revision, token } = added;
    recorder.tell({ type: "activation.wrote", actor, key, token, revision });
    return true;
  }

  async #tally(key: string): Promise<void> {
    const tally = this.#setting.node.actorOf(Tally, key);
    this.#line(`tally/${key}`).tell((mark) => tally.tell("hear", { mark }));
  }

  async #hail(name: string): Promise<void> {
    const address = `${name}/${PEER}`;
    const peer = this.#setting.node.refOf(Peer, address);
    const line = this.#line(address, name);
    line.tell((mark) => peer.tell("hear", { mark }));
    await this.#ask(line, ASK_MS, (mark) => peer.ask("echo", { mark }, { timeout: ASK_MS }));
  }

  async #auction(): Promise<void> {
    const { node, recorder } = this.#setting;
    const auction = `${recorder.node}.${recorder.life}.${++this.#auctions}`;
    const hall = node.refOf(Auctioneer, `${recorder.node}/${HALL}`);
    recorder.tell({ type: "auction.requested", auction, budgetMicros: BUDGET_MICROS });
    const outcome = await hall
      .ask(
        "auction",
        {
          auction,
          capability: SOLD,
          task: auction,
          valueMicros: BUDGET_MICROS,
          budgetMicros: BUDGET_MICROS,
        },
        { timeout: AUCTION_MS },
      )
      .catch((error: TroupeError) => ({ kind: error.code, costMicros: 0 }));
    const paidMicros = "costMicros" in outcome ? outcome.costMicros : 0;
    const best =
      "best" in outcome ? { bidder: outcome.best.bidder, round: outcome.best.round } : {};
    recorder.tell({ type: "auction.settled", auction, outcome: outcome.kind, paidMicros, ...best });
  }

  /** Asks; `undefined` = it was not answered. */
  async #ask<R extends { readonly answers: string }>(
    line: Line,
    timeoutMs: number,
    call: (mark: Mark) => Promise<R>,
  ): Promise<R | undefined> {
    let sent: Mark | undefined;
    try {
      return await line.ask(timeoutMs, (mark) => {
        sent = mark;
        return call(mark);
      });
    } catch (thrown) {
      // Its asker was told that nobody knows: that is an account of it too.
      if (sent !== undefined && (thrown as TroupeError).outcome !== "never-ran")
        this.#setting.recorder.tell({ type: "message.dropped", reason: "unknown", ...sent });
      return undefined;
    }
  }

  #line(to: string, toNode?: string): Line {
    const known = this.#lines.get(to);
    if (known !== undefined) return known;
    const ends = { from: "flow", to, ...(toNode === undefined ? {} : { toNode }) };
    const line = new Line(this.#setting.recorder, ends);
    this.#lines.set(to, line);
    return line;
  }

  #one(names: readonly string[]): string {
    return names[this.#setting.random.int(names.length)] ?? "";
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => systemClock.after(ms, resolve));
}
