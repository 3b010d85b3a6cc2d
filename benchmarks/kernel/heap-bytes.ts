/** The heap after collection; for processes started with `--expose-gc`. */

/** Collections before the heap is read: what finalizers and weak references hold goes in the second. */
const COLLECTIONS = 3;

/**
 * Bytes that are in use, on the heap and outside of it, once all that can be is collected.
 *
 * @throws {Error} unless the process can collect at will
 */
export function heapBytes(): number {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error("needs --expose-gc");
  for (let i = 0; i < COLLECTIONS; i++) gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
