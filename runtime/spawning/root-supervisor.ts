/**
 * The cluster's root supervisor: a singleton whose children outlive the node that runs it.
 *
 * Owns: the actor and its registration. What it does is `root-crew.ts`, how it is asked `root-control.ts`.
 *
 * R1: nothing is started that is not registered as spawnable, and no other version than the asker's.
 * R2: it never waits in a handler: starts and stops of several children go on side by side.
 *
 * Cost: without children two round trips to its store, and one question to each node, when it is activated.
 */
import { actor } from "../actor.ts";
import { replyLater } from "../deferred-reply.ts";
import type { Context } from "../kernel/context.ts";
import { type Registration, registrationsByName, singleton } from "../registration.ts";
import { TroupeError } from "../troupe-error.ts";
import { RootCrew } from "./root-crew.ts";
import { ROOT_TYPE, Root } from "./root-protocol.ts";

/**
 * The registrations of a node, with the root supervisor when there is anything that it could start.
 *
 * @throws {TypeError} when a registration of the program has its name
 *
 * @example
 * createSystem({ ...ports, actors: withRoot([spawnable(worker)]) });
 */
export function withRoot(actors: readonly Registration[]): readonly Registration[] {
  if (!actors.some(({ kind }) => kind === "spawnable")) return actors;
  return [...registrationsByName([...actors, rootRegistration(actors)]).values()];
}

function rootRegistration(actors: readonly Registration[]): Registration {
  const registrations = registrationsByName(actors);
  const definition = actor(
    Root,
    async (_input: undefined, ctx) => {
      const crew = new RootCrew(ctx as unknown as Context, registrations, () => {
        ctx.self.tell("lost");
      });
      await crew.begin();
      return crew;
    },
    {
      start: ({ state }, spec) => replyLater(state.start(spec)),
      stop: ({ state }, { name }) => replyLater(state.stop(name)),
      list: ({ state }) => state.list(),
      lost: () => {
        throw new TroupeError("store.unavailable", "the root supervisor's children are not kept");
      },
    },
    {
      shutdown: "60s",
      stopping: async ({ state }) => {
        await state.end();
      },
    },
  );
  return singleton(definition, { name: ROOT_TYPE });
}
