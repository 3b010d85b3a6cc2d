/**
 * A specialist: does what a contract says, one contract at a time.
 *
 * Owns: the call of the user's function under the contract. Its neighbour `lead.ts` owns who is given
 * which contract, and what happens to its report.
 *
 * A specialist that throws fails its contract, and its supervisor restarts it; one that finds the
 * contract beyond it reports `refused`, `more` or `escalated` instead. Contracts whose deadline passed
 * while they waited are never started. For more at once, start several.
 */
import type { Contract, Report } from "../../protocols/hierarchy/delegation.ts";
import { Specialist, type SpecialistOperations } from "../../protocols/hierarchy/hierarchy.ts";
import {
  type ActorContext,
  type ActorDefinition,
  type ActorOptions,
  actor,
} from "../../runtime/actor.ts";

/** What a specialist may use besides the contract. */
export type SpecialistContext = Pick<
  ActorContext<SpecialistOperations, undefined, undefined>,
  "signal" | "model" | "log" | "clock" | "random" | "ports"
>;

/**
 * Defines a specialist.
 *
 * @param undertake - does the work and reports; its `signal` aborts when the lead gives up
 *
 * @example
 * const patents = specialist(async ({ goal }, { model, signal }) => {
 *   const answer = await model("auto").generate({ prompt: String(goal), signal }).text;
 *   return { kind: "done", result: answer };
 * });
 */
export function specialist(
  undertake: (contract: Contract, at: SpecialistContext) => Report | Promise<Report>,
  options: ActorOptions = {},
): ActorDefinition<SpecialistOperations, undefined> {
  return actor(
    Specialist,
    (): undefined => undefined,
    { undertake: (ctx, contract) => undertake(contract, ctx) },
    options,
  );
}
