/**
 * The module of a review node: `troupe node licence-review/node.js` starts all that the review needs.
 *
 * Every node has every actor, so that any of them may die.
 */
import { eventRelay } from "../../actors/index.ts";
import type { Node } from "../../cluster/index.ts";
import { type ChildSpec, child } from "../../runtime/index.ts";
import { METHODS, methodBidder, modelBidder } from "./bidders.ts";
import { checker } from "./checker.ts";
import { licenceSpecialist, SPECIALISTS } from "./desk.ts";
import { SOURCE_NAMES, sourceActor } from "./files-board.ts";
import { References } from "./methods/references.ts";
import { STEP_WORKERS } from "./steps.ts";

// All reference texts are indexed while the module loads, before the node joins: later, it would hold
// up the first handler that needs them, and every other actor of the node with it.
const references = new References();
references.all();

/** The actors of one node. */
export function children(node: Pick<Node, "system" | "events">): readonly ChildSpec[] {
  const model = node.system.ports.models.client("auto").identity;
  return [
    child(eventRelay(node.events), { name: "events" }),
    ...STEP_WORKERS.map(({ name, worker }) => child(worker, { name })),
    ...SPECIALISTS.map((name) => child(licenceSpecialist(name), { name })),
    ...SOURCE_NAMES.map((name) => child(sourceActor(name, references), { name: `source-${name}` })),
    ...METHODS.map((method) =>
      child(methodBidder(method, references), { name: `bidder-${method.kind}` }),
    ),
    ...(model.kind === "builtin" ? [] : [child(modelBidder(model.name), { name: "bidder-model" })]),
    child(checker(references), { name: "checker" }),
  ];
}
