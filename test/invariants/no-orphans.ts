/**
 * S3: once all is quiet every actor's parent lives.
 *
 * Two witnesses: the events of starts and ends, judged at each `run.quiet`, and a list of those that live.
 *
 * Cost: a path per living actor, and per path that has ended since the last `run.quiet`.
 */
import type { Check, Findings, Invariant } from "./invariant.ts";
import { lifeName, type RecordOf, writerOf } from "./record.ts";

/** Who lives and who has ended in one life of a node. */
interface Population {
  readonly living: Map<string, RecordOf<"actor.started">>;
  readonly ended: Map<string, RecordOf<"actor.stopped">>;
}

/** S3. */
export const noOrphans: Invariant = {
  name: "S3",
  promise: "there is no orphan after quiescence",
  check(findings: Findings): Check {
    const lives = new Map<string, Population>();
    const populationOf = (life: string): Population => {
      const known = lives.get(life);
      if (known !== undefined) return known;
      const population: Population = { living: new Map(), ended: new Map() };
      lives.set(life, population);
      return population;
    };
    return {
      on: {
        "actor.started": (record) => {
          const { living, ended } = populationOf(writerOf(record));
          living.set(record.path, record);
          ended.delete(record.path);
        },
        "actor.stopped": (record) => {
          const { living, ended } = populationOf(writerOf(record));
          living.delete(record.path);
          ended.set(record.path, record);
        },
        "life.ended": ({ of, ofLife }) => {
          lives.delete(lifeName(of, ofLife));
        },
        "actors.listed": (record) => {
          const paths = new Set(record.paths);
          const who = writerOf(record);
          const { ended } = populationOf(who);
          for (const path of paths) {
            findings.judged();
            const parent = parentOf(path);
            const end = ended.get(path);
            if (parent !== undefined && !paths.has(parent)) {
              findings.violated(`${path} lives on ${who} without its parent`, record);
            } else if (end !== undefined) {
              findings.violated(`${path} lives on ${who} after its end was told`, end, record);
            }
          }
        },
        "run.quiet": () => {
          for (const [who, { living, ended }] of lives) {
            for (const [path, started] of living) {
              findings.judged();
              const parent = parentOf(path);
              const end = parent === undefined ? undefined : ended.get(parent);
              if (end === undefined) continue;
              findings.violated(`${path} lives on ${who} and its parent has ended`, started, end);
            }
            ended.clear();
          }
        },
      },
    };
  },
};

function parentOf(path: string): string | undefined {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? undefined : path.slice(0, slash);
}
