/** The kernel's suite: what its promises cost, against bare code and against other runtimes. */
import type { Suite } from "../benchmark.ts";
import { askAlone, askTogether } from "./ask.ts";
import { asyncFanIn, fanIn } from "./fan-in.ts";
import { idleMemory } from "./idle-memory.ts";
import { pingPong } from "./ping-pong.ts";
import { spawnNamedActors, spawnUnnamedActors } from "./spawn.ts";
import { streaming } from "./stream.ts";

/** The kernel's benchmarks. */
export const kernelSuite: Suite = {
  name: "kernel",
  benchmarks: [
    pingPong,
    fanIn,
    asyncFanIn,
    askAlone,
    askTogether,
    streaming,
    spawnUnnamedActors,
    spawnNamedActors,
    idleMemory,
  ],
};
