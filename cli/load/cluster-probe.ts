/**
 * Whether what load is to be put on is there: asked of the cluster before anything is sent to it.
 *
 * Owns: the questions and how long an answer is waited for.
 *
 * P1: a capability is there when a first task of it is taken; that task is one more than the run counts.
 * P2: an actor is there when its node is and nobody says that it is not.
 */
import type { Node } from "../../cluster/index.ts";
import { nodeOf, systemClock, type TaskOutcome } from "../../runtime/index.ts";
import { CommandError, ExitCode } from "../exit-code.ts";

const TAKEN_MS = 15_000;
const LOOK_MS = 100;
const ABSENT_MS = 1_500;

/**
 * Sees whether somebody takes a task of the capability, and does not fail for good at it.
 *
 * @throws {CommandError} `notFound` when nobody takes it within 15 s, `failed` when it fails
 */
export async function assertCapability(
  node: Node,
  probe: { readonly capability: string; readonly input: unknown; readonly run: string },
  signal: AbortSignal,
): Promise<void> {
  const { capability, input, run } = probe;
  const { tasks } = node.system.ports;
  const job = `load-${run}-probe`;
  const id = `${job}.0`;
  if ((await tasks.submit({ id, capability, input, maxAttempts: 2 })) === "full") {
    throw new CommandError(ExitCode.unavailable, `the queue of ${capability} is full`);
  }
  const untilMs = systemClock.monotonicMs() + TAKEN_MS;
  while (systemClock.monotonicMs() < untilMs && !signal.aborted) {
    const outcome = await tasks.outcomeOf(id);
    if (outcome !== undefined) return assertDone(capability, outcome);
    for (const { name } of node.membership.members()) {
      if ((await tasks.claimedBy(name, job)).length > 0) return;
    }
    await new Promise<void>((resolve) => systemClock.after(LOOK_MS, resolve));
  }
  await tasks.cancel(id, "nobody took it");
  signal.throwIfAborted();
  throw new CommandError(
    ExitCode.notFound,
    `nobody took a task of ${capability} within ${TAKEN_MS / 1_000} s: no node of cluster ${node.cluster} has a worker of that capability`,
  );
}

/** Of the addresses those where an actor lives. */
export async function presentAddresses(
  node: Node,
  addresses: readonly string[],
): Promise<readonly string[]> {
  const living = new Set(
    node.membership.members().flatMap(({ name, phase }) => (phase === "down" ? [] : [name])),
  );
  // Of a node that nobody has heard of, nobody says that its actors are gone.
  const absent = new Set(addresses.filter((address) => !living.has(nodeOf(address))));
  const cancels = addresses.map((address) =>
    node.system.watch(address, () => {
      absent.add(address);
    }),
  );
  const untilMs = systemClock.monotonicMs() + ABSENT_MS;
  while (absent.size < addresses.length && systemClock.monotonicMs() < untilMs) {
    await new Promise<void>((resolve) => systemClock.after(LOOK_MS, resolve));
  }
  for (const cancel of cancels) cancel();
  return addresses.filter((address) => !absent.has(address));
}

function assertDone(capability: string, outcome: TaskOutcome): void {
  switch (outcome.phase) {
    case "done":
      return;
    case "failed":
    case "dead-lettered":
      throw new CommandError(
        ExitCode.failed,
        `a first task of ${capability} ${outcome.phase}, so all would: ${outcome.error.code}: ${outcome.error.message}`,
      );
    case "cancelled":
      throw new CommandError(ExitCode.failed, `a first task of ${capability} was cancelled`);
  }
}
