/** The kernel's suite: what its promises cost, against bare code and against other runtimes. */
import type { Suite } from "../benchmark.ts";
import { askAlone, askTogether } from "./ask.ts";
import { big } from "./big.ts";
import { churning } from "./churn.ts";
import { asyncFanIn, fanIn } from "./fan-in.ts";
import { forkJoin } from "./fork-join.ts";
import { heap } from "./heap.ts";
import { idleMemory } from "./idle-memory.ts";
import { pingPong } from "./ping-pong.ts";
import { restarting } from "./restart.ts";
import { routedTaskAlone, routedTasksTogether } from "./routed-task.ts";
import { skynetTree } from "./skynet.ts";
import { spawnNamedActors, spawnUnnamedActors } from "./spawn.ts";
import { streaming } from "./stream.ts";
import { threadRing } from "./thread-ring.ts";
import { tracing } from "./tracing.ts";

/** The kernel's benchmarks. */
export const kernelSuite: Suite = {
  name: "kernel",
  benchmarks: [
    pingPong,
    fanIn,
    threadRing,
    forkJoin,
    big,
    asyncFanIn,
    askAlone,
    askTogether,
    routedTaskAlone,
    routedTasksTogether,
    streaming,
    spawnUnnamedActors,
    spawnNamedActors,
    idleMemory,
    churning,
    skynetTree,
    restarting,
    tracing,
    heap,
  ],
};
