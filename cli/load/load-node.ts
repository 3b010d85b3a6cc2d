/**
 * A node that bears load: the module that it was asked to run, and a sampler beside it.
 *
 * Owns: what is added to somebody else's module. `troupe node` runs it like any other, through a module
 * of a few lines that is written for the run (`wrapperOf`).
 *
 * W1: the actors of the module run as they are; only where tells are counted, their handler is preceded
 *     by one addition.
 * W2: a pool hands its messages to workers that nobody can count from outside, so tells to pools are not
 *     counted, and the report says so.
 */
import { type Children, childrenFor, loadNodeModule, type Node } from "../../cluster/index.ts";
import {
  type ActorDefinition,
  type ActorRegistration,
  type ChildSpec,
  child,
  type Operations,
  type SpawnArgs,
} from "../../runtime/index.ts";
import { loadSampler, type ReceivedCount, SAMPLER_NAME } from "./load-sampler.ts";

/** Which tells are counted. */
export interface CountedTells {
  readonly protocol: string;
  readonly operation: string;
}

/** What a bearing node runs. */
export interface LoadNodeOptions {
  /** The module, absolute. */
  readonly module: string;
  readonly count?: CountedTells;
}

/** What the written module exports. */
export interface LoadNodeModule {
  readonly children: Children;
  readonly actors: readonly ActorRegistration[] | undefined;
}

/** The text of a module that `troupe node` can run. */
export function wrapperOf(options: LoadNodeOptions): string {
  const here = JSON.stringify(import.meta.url);
  return [
    `import { loadNode } from ${here};`,
    `export const { children, actors } = await loadNode(${JSON.stringify(options)});`,
    "",
  ].join("\n");
}

/**
 * The module's actors, and the sampler.
 *
 * @throws {TroupeError} `module.unusable`
 */
export async function loadNode({ module, count }: LoadNodeOptions): Promise<LoadNodeModule> {
  const loaded = await loadNodeModule(module, process.cwd());
  const received: ReceivedCount = { count: 0 };
  return {
    children: (node: Node) => {
      const specs = childrenFor(node, loaded.children);
      const definitions = [...specs, ...loaded.actors].map(({ definition }) => definition);
      const counts = isCounted(definitions, count) ? received : undefined;
      return [
        ...specs.map((spec) => countedSpec(spec, count, received)),
        child(loadSampler(node.system, counts), { name: SAMPLER_NAME }),
      ];
    },
    actors:
      loaded.actors.length === 0
        ? undefined
        : loaded.actors.map((registration) => ({
            ...registration,
            definition: countedDefinition(registration.definition, count, received),
          })),
  };
}

/** Whether all actors of the counted protocol can be counted (W2). */
function isCounted(
  definitions: readonly Pick<ActorDefinition<Operations, unknown>, "protocol" | "isPool">[],
  count: CountedTells | undefined,
): boolean {
  const meant = definitions.filter(({ protocol }) => protocol.name === count?.protocol);
  return meant.length > 0 && meant.every(({ isPool }) => isPool !== true);
}

function countedSpec(
  spec: ChildSpec,
  count: CountedTells | undefined,
  received: ReceivedCount,
): ChildSpec {
  if (spec.definition.protocol.name !== count?.protocol) return spec;
  return {
    ...spec,
    start: (parent) =>
      spec.start({
        spawn: <O extends Operations, I>(
          definition: ActorDefinition<O, I>,
          ...options: SpawnArgs<I>
        ) => parent.spawn(countedDefinition(definition, count, received), ...options),
      }),
  };
}

/** The same definition, whose counted operation adds one when its handler begins. */
function countedDefinition<D>(
  definition: D,
  count: CountedTells | undefined,
  received: ReceivedCount,
): D {
  const { protocol, handlers, isPool } = definition as unknown as ActorDefinition<
    Operations,
    unknown
  >;
  if (count === undefined || isPool === true) return definition;
  if (protocol.name !== count.protocol) return definition;
  type Handler = (ctx: unknown, payload: unknown) => unknown;
  const known = handlers as unknown as Readonly<Record<string, Handler>>;
  const handler = known[count.operation];
  if (handler === undefined) return definition;
  const counting: Handler = (ctx, payload) => {
    received.count++;
    return handler(ctx, payload);
  };
  return { ...definition, handlers: { ...known, [count.operation]: counting } } as D;
}
