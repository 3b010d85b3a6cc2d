/** The module of the nodes that run virtual actors for benchmarks. */
import {
  type ActorRegistration,
  type Ask,
  actor,
  ask,
  type Protocol,
  protocol,
  virtual,
} from "../../index.ts";

/** A session that counts what reaches it and says in which process. */
export const Session: Protocol<{
  readonly hit: Ask<undefined, { readonly pid: number; readonly hits: number }>;
}> = protocol("session@1", {
  hit: ask<undefined, { readonly pid: number; readonly hits: number }>(),
});

const session = actor(Session, () => ({ hits: 0 }), {
  hit: ({ state }) => {
    state.hits++;
    return { pid: process.pid, hits: state.hits };
  },
});

/** What each of them can run. */
export const actors: readonly ActorRegistration[] = [virtual(session, { passivateAfter: "1h" })];
