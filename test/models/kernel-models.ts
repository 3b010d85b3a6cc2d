/** All models of the kernel, in the order in which they are run. */
import { asks } from "./ask-model.ts";
import { chains } from "./chain-model.ts";
import { mailbox } from "./mailbox-model.ts";
import type { Model } from "./model.ts";
import { silence } from "./silence-model.ts";
import { stashes } from "./stash-model.ts";
import { storm } from "./storm-model.ts";
import { streams } from "./stream-model.ts";
import { supervision } from "./supervision-model.ts";
import { tells } from "./tell-model.ts";
import { timers } from "./timer-model.ts";
import { watches } from "./watch-model.ts";
import { workers } from "./worker-model.ts";

/** The models of the kernel. */
export const kernelModels: readonly Model[] = [
  mailbox,
  tells,
  asks,
  chains,
  streams,
  supervision,
  storm,
  watches,
  timers,
  stashes,
  workers,
  silence,
];
