/**
 * Sends one request of each kind: a tell, an ask, a stream, a durable task.
 *
 * Owns: what a request is and when it has ended well. Pace and measuring are `runLoadPart`'s.
 *
 * S1: every request ends by its own timeout.
 * S2: a durable task has ended well when its result is recorded, not when it is accepted; those without
 *     a result at the end of the run are cancelled, so that nobody works on them for nothing.
 */
import type { Node } from "../../cluster/index.ts";
import {
  type ActorRef,
  type Cancel,
  FailedRequest,
  type LoadOptions,
  messageOf,
  type Operations,
  type Protocol,
  systemClock,
  type TaskOutcome,
  type Tasks,
} from "../../runtime/index.ts";
import type { GeneratorPlan, GeneratorTarget, Recipient } from "./generator-plan.ts";

/** How requests are sent, and what is left to do after the last. */
export interface Sender {
  readonly send: LoadOptions["send"];
  /** Bounded; never rejects. */
  readonly end: () => Promise<void>;
}

type ActorTarget = Extract<GeneratorTarget, { readonly kind: "actor" }>;

const CANCELS_AT_A_TIME = 32;
const CANCEL_MS = 5_000;

/** The sender of a plan, on the generator's node. */
export async function senderOf(plan: GeneratorPlan, node: Node): Promise<Sender> {
  const { target } = plan;
  if (target.kind === "actor") return { send: actorSend(plan, target, node), end: async () => {} };
  const tasks = new TaskSender(plan, target.capability, target.run, node.system.ports.tasks);
  await tasks.start();
  return tasks;
}

function actorSend(plan: GeneratorPlan, target: ActorTarget, node: Node): LoadOptions["send"] {
  const refs = refsOf(target, node);
  const nextRef = (sequence: number): ActorRef<Operations> => {
    const ref = refs[(sequence + plan.index) % refs.length];
    if (ref === undefined) throw new RangeError("to: nobody to send to");
    return ref;
  };
  const { payloads } = plan;
  const payloadOf = (sequence: number) => payloads[(sequence + plan.index) % payloads.length];
  const operation = target.operation as never;
  switch (target.protocol.operations[target.operation]?.kind) {
    case "ask":
      // Every ask ends by its own timeout, so the run's signal is not needed: a listener each would be dear.
      return (n) => nextRef(n).ask(operation, payloadOf(n) as never, { timeout: plan.timeoutMs });
    case "stream":
      return async (n, _signal, request) => {
        const options = { timeout: plan.timeoutMs };
        const answer = nextRef(n).stream(operation, payloadOf(n) as never, options);
        for await (const _chunk of answer) request.chunk();
        return answer.result;
      };
    case "tell":
      return async (n) => {
        if (nextRef(n).tell(operation, payloadOf(n) as never)) return undefined;
        return new FailedRequest("mailbox.full", "the outbox or the mailbox had no room");
      };
    case undefined:
      throw new RangeError(`operation: ${target.protocol.name} has no ${target.operation}`);
  }
}

function refsOf(target: ActorTarget, node: Node): readonly ActorRef<Operations>[] {
  const protocol = target.protocol as unknown as Protocol<Operations>;
  return target.to.map((to) => refOf(protocol, to, node));
}

function refOf(protocol: Protocol<Operations>, to: Recipient, node: Node): ActorRef<Operations> {
  switch (to.by) {
    case "address":
      return node.refOf(protocol, to.address);
    case "key":
      return node.actorOf(protocol, to.key, to.type);
    case "singleton":
      return node.singletonOf(protocol, to.name);
  }
}

/** A task under way. */
interface Open {
  readonly settle: (outcome: TaskOutcome | "late") => void;
  readonly cancelTimer: Cancel;
}

/** Durable tasks: submit, then wait for the recorded result. */
class TaskSender implements Sender {
  readonly #plan: GeneratorPlan;
  readonly #capability: string;
  readonly #tasks: Tasks;
  readonly #job: string;
  readonly #open = new Map<string, Open>();
  /** Late or unfinished: nobody waits for them any more. */
  readonly #left = new Set<string>();
  #unfollow: Cancel = () => {};

  constructor(plan: GeneratorPlan, capability: string, run: string, tasks: Tasks) {
    this.#plan = plan;
    this.#capability = capability;
    this.#tasks = tasks;
    this.#job = `load-${run}-${plan.index}`;
  }

  async start(): Promise<void> {
    this.#unfollow = await this.#tasks.follow(this.#job, (id, outcome) => {
      this.#left.delete(id);
      this.#open.get(id)?.settle(outcome);
    });
  }

  readonly send = async (sequence: number): Promise<unknown> => {
    const id = `${this.#job}.${sequence}`;
    const { payloads, index } = this.#plan;
    // Before it is submitted: the end may be told sooner than the acceptance.
    const ended = this.#ended(id);
    try {
      const input = payloads[(sequence + index) % payloads.length];
      const accepted = await this.#tasks.submit({ id, capability: this.#capability, input });
      if (accepted === "full") {
        this.#forget(id);
        return new FailedRequest("queue.full", `the queue of ${this.#capability} is full`);
      }
    } catch (error) {
      this.#forget(id);
      throw error;
    }
    return failureIn(await ended);
  };

  readonly end = async (): Promise<void> => {
    for (const id of this.#open.keys()) this.#left.add(id);
    const ids = [...this.#left];
    const untilMs = systemClock.monotonicMs() + CANCEL_MS;
    const cancelNext = async (): Promise<void> => {
      for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
        if (systemClock.monotonicMs() > untilMs) return;
        // The ledger forgets it in time; what is not cancelled costs work, and no figure.
        await this.#tasks.cancel(id, "the load has ended").catch(() => {});
      }
    };
    await Promise.all(Array.from({ length: CANCELS_AT_A_TIME }, cancelNext));
    for (const id of [...this.#open.keys()]) this.#forget(id);
    this.#unfollow();
  };

  #ended(id: string): Promise<TaskOutcome | "late"> {
    return new Promise((resolve) => {
      const settle = (outcome: TaskOutcome | "late"): void => {
        this.#forget(id);
        resolve(outcome);
      };
      const late = (): void => {
        this.#left.add(id);
        settle("late");
      };
      const cancelTimer = systemClock.after(this.#plan.timeoutMs, late);
      this.#open.set(id, { settle, cancelTimer });
    });
  }

  #forget(id: string): void {
    this.#open.get(id)?.cancelTimer();
    this.#open.delete(id);
  }
}

function failureIn(outcome: TaskOutcome | "late"): FailedRequest | undefined {
  if (outcome === "late") return new FailedRequest("task.timeout", "no result by the deadline");
  switch (outcome.phase) {
    case "done":
      return undefined;
    case "failed":
      return new FailedRequest(outcome.error.code, messageOf(outcome.error.message));
    case "dead-lettered":
      return new FailedRequest("task.dead-lettered", outcome.error.message);
    case "cancelled":
      return new FailedRequest("task.cancelled", outcome.reason);
  }
}
