/**
 * All invariants, by the names that the guarantees give them.
 */
import { activeAgain } from "./active-again.ts";
import { actsWhileHolding } from "./acts-while-holding.ts";
import { attemptsExplained } from "./attempts-explained.ts";
import { auctionEnds } from "./auction-ends.ts";
import { bidInTime } from "./bid-in-time.ts";
import { currentToken } from "./current-token.ts";
import { deliveredInOrder } from "./delivered-in-order.ts";
import { deliveredOnce } from "./delivered-once.ts";
import type { Invariant } from "./invariant.ts";
import { linearizableRegister } from "./linearizable-register.ts";
import { messageOutlastsWork } from "./message-outlasts-work.ts";
import { noOrphans } from "./no-orphans.ts";
import { noZombieResult } from "./no-zombie-result.ts";
import { nothingPending } from "./nothing-pending.ts";
import { nothingUnaccounted } from "./nothing-unaccounted.ts";
import { oneAward } from "./one-award.ts";
import { oneEnd } from "./one-end.ts";
import { ownReply } from "./own-reply.ts";
import { restartIntensity } from "./restart-intensity.ts";
import { restartedSet } from "./restarted-set.ts";
import { resultOfAward } from "./result-of-award.ts";
import { settledInTime } from "./settled-in-time.ts";
import { settledOnce } from "./settled-once.ts";
import { silentWhileDown } from "./silent-while-down.ts";
import { taskEnds } from "./task-ends.ts";
import { tokensInOrder } from "./tokens-in-order.ts";
import { watchedInOrder } from "./watched-in-order.ts";
import { withinBudget } from "./within-budget.ts";

/** T1 to T3, A1 to A4, D1 to D6, V1 to V3, S1 to S4, U1 to U5, B1 and B2. */
export const invariants: readonly Invariant[] = [
  deliveredOnce,
  deliveredInOrder,
  nothingUnaccounted,
  settledOnce,
  settledInTime,
  ownReply,
  nothingPending,
  taskEnds,
  oneEnd,
  currentToken,
  messageOutlastsWork,
  attemptsExplained,
  noZombieResult,
  tokensInOrder,
  actsWhileHolding,
  activeAgain,
  restartIntensity,
  restartedSet,
  noOrphans,
  silentWhileDown,
  oneAward,
  bidInTime,
  resultOfAward,
  withinBudget,
  auctionEnds,
  linearizableRegister,
  watchedInOrder,
];
