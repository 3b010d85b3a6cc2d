/**
 * Knowledge sources as actors: each answers a board's activations with what it has to say.
 *
 * Owns: making itself known to the boards of its domain and doing one activation. When it is activated,
 * and what its statements count, is the board's affair (`protocols/blackboard/blackboard.ts`).
 *
 * A source and the boards of a domain find each other whoever comes first: a source that starts says so
 * on `knowledge-sources.<domain>`, a board says now and then on `blackboards.<domain>` that it is there.
 * Both are told at most once and repeated by the board, so a lost one costs time only.
 *
 * KA1: activations run one at a time per instance; `concurrency` is how many a board may have under way
 *      with it, the others wait in its mailbox. For more at a time, spawn more instances: they share the
 *      name, and the board shares the activations out.
 * KA2: what `perform` throws loses the activation and nothing else: a source keeps no state that a throw
 *      could have spoilt, and a few bad entries must not use up its restarts.
 */
import type { Activation, Contributed } from "../../protocols/blackboard/activation.ts";
import type { Draft } from "../../protocols/blackboard/contribution.ts";
import type { KnowledgeSource } from "../../protocols/blackboard/knowledge-source.ts";
import { checkedSource } from "../../protocols/blackboard/knowledge-source.ts";
import type { ActorDefinition, ActorOptions } from "../../runtime/actor.ts";
import { actor } from "../../runtime/actor.ts";
import { messageOf } from "../../runtime/troupe-error.ts";
import type { Work } from "../work.ts";
import { workOf } from "../work.ts";
import {
  Board,
  boardsTopic,
  SOURCE_FAILED,
  Source,
  type SourceOperations,
  sourcesTopic,
} from "./board-protocol.ts";

/** What a knowledge source is defined by. */
export interface KnowledgeSourceOptions
  extends Omit<KnowledgeSource, "concurrency" | "reads">,
    ActorOptions {
  /** The boards it serves: those of the same domain; one token. */
  readonly domain: string;
  /** Levels whose entries it is shown beside those of its triggers; default none. */
  readonly reads?: readonly string[];
  /** Activations under way with one instance; default 4. */
  readonly concurrency?: number;
  /**
   * Looks at what activated it and says what it knows; nothing is an answer too. With `cost` it says
   * what that really cost, otherwise the declared cost counts. What it throws loses the activation.
   */
  readonly perform: (
    activation: Activation,
    work: Work,
  ) => readonly Draft[] | Contributed | Promise<readonly Draft[] | Contributed>;
}

/**
 * Defines a knowledge source.
 *
 * @throws {TypeError | RangeError} for a faulty declaration
 *
 * @example
 * const title = knowledgeSource({
 *   domain: "licences", name: "title", credibility: 0.8, cost: 1,
 *   triggers: [{ level: "document" }], writes: ["guess"],
 *   perform: ({ entry }) => guessesFromTitle(entry),
 * });
 */
export function knowledgeSource(
  options: KnowledgeSourceOptions,
): ActorDefinition<SourceOperations, undefined> {
  const { domain, perform, name, triggers, writes, credibility, cost, ...rest } = options;
  const { reads = [], concurrency = 4, ...actorOptions } = rest;
  const source = checkedSource({
    name,
    triggers,
    reads,
    writes,
    credibility,
    cost,
    concurrency,
  });
  return actor(
    Source,
    (_input: undefined, ctx) => {
      const registration = { source, instance: ctx.self.address };
      ctx.subscribe(boardsTopic(domain), "boardOpened");
      ctx.publish(sourcesTopic(domain), registration);
      return { registration };
    },
    {
      boardOpened: (ctx, { board }) => {
        ctx.refOf(Board, board).tell("register", ctx.state.registration);
      },
      activate: async (ctx, activation) => {
        try {
          const said = await perform(activation, workOf(ctx, ctx.signal));
          return "drafts" in said ? said : { drafts: said, cost };
        } catch (error) {
          const { ksar, attempt } = activation;
          ctx.log.warn({ ksar, attempt, error: messageOf(error) }, "an activation failed");
          return ctx.fail(SOURCE_FAILED, messageOf(error));
        }
      },
    },
    actorOptions,
  );
}
