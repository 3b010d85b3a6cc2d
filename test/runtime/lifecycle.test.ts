import fc from "fast-check";
import t from "tap";
import {
  advance,
  LifeEvent,
  type LifeEventNumber,
  lifeEventNames,
  liveLifecycle,
  Phase,
  type PhaseNumber,
} from "../../runtime/lifecycle.ts";

t.test("lifecycle", async (t) => {
  t.test("L1, S20: random walks of live XState actors agree with the table", async (t) => {
    const events = fc.integer({ min: 0, max: lifeEventNames.length - 1 });
    const visited = new Set<PhaseNumber>();
    fc.assert(
      fc.property(fc.array(events, { minLength: 1, maxLength: 40 }), (walk) => {
        const live = liveLifecycle();
        let phase: PhaseNumber = Phase.starting;
        for (const event of walk as LifeEventNumber[]) {
          live.send(event);
          phase = advance(phase, event);
          visited.add(phase);
          if (live.phase() !== phase) return false;
        }
        return true;
      }),
      { numRuns: 500, verbose: 1 },
    );
    t.equal(visited.size, Object.keys(Phase).length, "the walks visit every phase");
  });

  t.test("L2: stopped is final", async (t) => {
    for (const event of Object.values(LifeEvent))
      t.equal(advance(Phase.stopped, event), Phase.stopped);
  });

  t.test("L3: an event that a phase does not know changes nothing", async (t) => {
    t.equal(advance(Phase.running, LifeEvent.due), Phase.running);
    t.equal(advance(Phase.waiting, LifeEvent.started), Phase.waiting);
  });
});
