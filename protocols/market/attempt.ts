/**
 * An attempt: what came of one award, and what it cost.
 *
 * Owns: the record. Its neighbour `contract-net.ts` owns when an attempt begins and ends.
 */
import type { Address } from "../../runtime/address.ts";

/** What came of one award. */
export type Attempt =
  | {
      readonly outcome: "informed";
      readonly round: number;
      readonly bidder: Address;
      readonly kind: string;
      /** What it is paid: its counted work, at most its bid. */
      readonly priceMicros: number;
      /** The worth of the result: the value of a right one × the chance that it is right. */
      readonly valueMicros: number;
      readonly result: unknown;
    }
  | {
      readonly outcome: "failed" | "declined" | "unconfirmed" | "lease-expired";
      readonly round: number;
      readonly bidder: Address;
      readonly kind: string;
      readonly priceMicros: number;
      readonly reason: string;
    };

/** An attempt that brought a result. */
export type InformedAttempt = Extract<Attempt, { readonly outcome: "informed" }>;

/** What all attempts of an auction cost. */
export function spentMicros(attempts: readonly Attempt[]): number {
  return attempts.reduce((sum, attempt) => sum + attempt.priceMicros, 0);
}

/** The attempt whose result is worth most; of equals the earliest. */
export function bestOf(attempts: readonly Attempt[]): InformedAttempt | undefined {
  let best: InformedAttempt | undefined;
  for (const attempt of attempts) {
    if (attempt.outcome !== "informed") continue;
    if (best === undefined || attempt.valueMicros > best.valueMicros) best = attempt;
  }
  return best;
}
