/**
 * The bidders of the market, of different price, speed and skill, and the checker of its results.
 *
 * Owns: what each bidder does and counts. A price is the work that the bidder will really do: tokens
 * read × reference texts compared; a model's is its tokens × the price table. Nobody's price is written
 * by hand, and nobody looks at what the package declares.
 */
import {
  type Bidder,
  bidder,
  type ModelPrice,
  priceOf,
  taskRequest,
} from "../../actors/index.ts";
import type { BidderOperations } from "../../protocols/index.ts";
import {
  type ActorDefinition,
  type Ask,
  actor,
  ask,
  type Protocol,
  protocol,
} from "../../runtime/index.ts";
import { type Finding, workUnits } from "./finding.ts";
import { hypotheses } from "./files-board.ts";
import { type KnowledgeSourceName, settle } from "./hypothesis.ts";
import { keyword } from "./keyword.ts";
import { readLicence } from "./licence-text.ts";
import { type NormalisedText, normalisedText } from "./normalised-text.ts";
import type { References } from "./references.ts";
import { similarity } from "./similarity.ts";
import { MOST_BYTES, type Subject } from "./steps.ts";
import { title } from "./title.ts";
