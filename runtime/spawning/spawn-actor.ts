/**
 * The actor at `$spawn` of every node: the two ends of supervision between nodes, for other nodes.
 *
 * Owns: which question is whose. `hosting.ts` answers for the children that run here,
 * `supervised-elsewhere.ts` for those that supervisors of this node hold.
 *
 * A1: it never waits: an answer that takes time is deferred, so that questions about other children, and
 *     the one that ends this child, are heard meanwhile.
 */
import { type ActorDefinition, actor } from "../actor.ts";
import { replyLater } from "../deferred-reply.ts";
import type { Context } from "../kernel/context.ts";
import type { Registration } from "../registration.ts";
import { AUDIT_MS, Hosting } from "./hosting.ts";
import { Spawn, type SpawnOperations } from "./spawn-protocol.ts";
import type { SupervisedElsewhere } from "./supervised-elsewhere.ts";

/** As many messages as may wait for it: each is small and handled at once. */
const CAPACITY = 65_536;

/** Defines the `$spawn` actor of a system; `begun` is told what runs children, at each start. */
export function spawnActor(
  registrations: ReadonlyMap<string, Registration>,
  held: SupervisedElsewhere,
  begun: (hosting: Hosting) => void,
): ActorDefinition<SpawnOperations, undefined> {
  return actor(
    Spawn,
    (_input: undefined, ctx) => {
      const hosting = new Hosting((ctx as unknown as Context).cell, registrations);
      begun(hosting);
      const { membership } = ctx.ports;
      const forget = membership.subscribe(({ member: { name, incarnation, phase } }) => {
        if (phase === "down") hosting.nodeDown(name, incarnation);
      });
      return { hosting, forget };
    },
    {
      start: (ctx, request) => {
        const { hosting } = ctx.state;
        if (hosting.size === 0) ctx.timers.every("audit", AUDIT_MS, "audit");
        return replyLater(hosting.start(request));
      },
      down: (ctx, child) => replyLater(ctx.state.hosting.down(child)),
      again: (ctx, child) => replyLater(ctx.state.hosting.again(child)),
      resume: (ctx, child) => ctx.state.hosting.resume(child),
      stop: (ctx, request) => replyLater(ctx.state.hosting.stop(request)),
      release: (ctx, request) => {
        void ctx.state.hosting.stop(request);
      },
      disown: (ctx, request) => replyLater(ctx.state.hosting.disown(request)),
      exited: (_ctx, report) => held.exited(report),
      leaving: (_ctx, ids) => held.leaving(ids),
      left: (_ctx, { id }) => held.left(id),
      unheld: (_ctx, ids) => held.unheld(ids),
      audit: (ctx) => {
        const { hosting } = ctx.state;
        if (hosting.size === 0) ctx.timers.cancel("audit");
        else void hosting.audit();
      },
    },
    {
      restart: "permanent",
      mailbox: { capacity: CAPACITY },
      // Its children are other nodes' business: their failures are no restarts of its own.
      intensity: { restarts: CAPACITY, within: 1 },
      stopping: ({ state }) => {
        state.forget();
        state.hosting.close();
      },
    },
  );
}
