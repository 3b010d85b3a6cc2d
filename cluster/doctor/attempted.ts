/**
 * X2 of `examine.ts`: a question that is not answered leaves its fact absent.
 */

/** The answer; `undefined` when there is none. */
export async function attempted<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch {
    return undefined;
  }
}
