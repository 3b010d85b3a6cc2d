/**
 * From what the settings name to where requests go.
 *
 * Owns: the two steps: finding it in the module, before any node is started, and finding where it is, once
 * they are. What `--op` means is `load-target.ts`, asking the cluster `cluster-probe.ts`.
 */
import { childrenFor, loadNodeModule, type Node } from "../../cluster/index.ts";
import type { LoadTarget } from "../../runtime/index.ts";
import { CommandError, ExitCode } from "../exit-code.ts";
import { assertCapability, presentAddresses } from "./cluster-probe.ts";
import type { GeneratorTarget } from "./generator-plan.ts";
import type { LoadCluster } from "./load-cluster.ts";
import type { LoadNodeOptions } from "./load-node.ts";
import { PATTERN_ACTOR, PATTERN_OP, patternModule } from "./load-pattern.ts";
import type { LoadSettings } from "./load-settings.ts";
import {
  addressesOf,
  keysOf,
  loadTargetOf,
  type OperationTarget,
  operationTarget,
} from "./load-target.ts";

/** What load is put on, before it is known where it is. */
export interface FoundTarget {
  readonly target: LoadTarget;
  readonly operation: OperationTarget | undefined;
  readonly nodeRuns: LoadNodeOptions;
}

/**
 * What the settings name, found in the module.
 *
 * @throws {CommandError} `notFound`, saying what there is instead
 * @throws {TroupeError} `module.unusable`
 */
export async function findTarget(settings: LoadSettings, node: Node): Promise<FoundTarget> {
  const { target, op, actor } = settings;
  if (target.kind === "capability") {
    // Loaded here too, so that a module that does not load is told of before any node is started.
    if (target.module !== undefined) await loadNodeModule(target.module, process.cwd());
    return {
      target: { kind: "capability", name: target.name },
      operation: undefined,
      nodeRuns: { module: target.module ?? "" },
    };
  }
  const isPattern = target.kind === "pattern";
  const module = isPattern ? patternModule(target.pattern) : target.module;
  const { children, actors } = await loadNodeModule(module, process.cwd());
  const wanted = {
    module,
    ...(isPattern
      ? { op: PATTERN_OP, actor: PATTERN_ACTOR }
      : {
          ...(op === undefined ? {} : { op }),
          ...(actor === undefined ? {} : { actor }),
        }),
  };
  const operation = operationTarget(childrenFor(node, children), actors, wanted);
  return {
    target: isPattern ? { kind: "pattern", name: target.pattern } : loadTargetOf(operation),
    operation,
    nodeRuns: {
      module,
      ...(operation.kind === "tell"
        ? { count: { protocol: operation.protocol.name, operation: operation.operation } }
        : {}),
    },
  };
}

/**
 * Where what was found is in the cluster.
 *
 * @param at - `others`: nodes that were there before
 * @throws {CommandError} when it is nowhere
 */
export async function reach(
  settings: LoadSettings,
  cluster: LoadCluster,
  { operation }: FoundTarget,
  at: { readonly run: string; readonly others: readonly string[]; readonly signal: AbortSignal },
): Promise<GeneratorTarget> {
  const { node } = cluster;
  const { run, others, signal } = at;
  if (operation === undefined) {
    const { target, payloads = [] } = settings;
    if (target.kind !== "capability") throw new RangeError(`target: ${target.kind}`);
    const capability = target.name;
    await assertCapability(node, { capability, input: payloads[0], run }, signal);
    return { kind: "capability", capability, run };
  }
  const { protocol, operation: name, dwelling, actors } = operation;
  const target = { kind: "actor", protocol, operation: name } as const;
  if (dwelling === "virtual") {
    const keys = keysOf(operation, settings.keys);
    return { ...target, to: keys.map((key) => ({ by: "key", ...key })) };
  }
  if (dwelling === "singleton") {
    return { ...target, to: actors.map((singleton) => ({ by: "singleton", name: singleton })) };
  }
  const isStarted = settings.nodes > 0;
  const nodes = isStarted ? cluster.nodes : others;
  const addresses = addressesOf(operation, nodes, settings.actor);
  const isGiven = settings.actor?.includes("/") === true;
  const to = isStarted && !isGiven ? addresses : await presentAddresses(node, addresses);
  if (to.length === 0) {
    const where = nodes.length === 0 ? "it has no nodes" : `it has ${nodes.join(", ")}`;
    const who = settings.actor ?? operation.actors.join(", ");
    throw new CommandError(
      ExitCode.notFound,
      `no actor ${who} in cluster ${node.cluster}: ${where}`,
    );
  }
  return { ...target, to: to.map((address) => ({ by: "address", address })) };
}
