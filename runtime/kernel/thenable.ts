/** Whether a value must be awaited; everything else is taken as it is, in the same turn (S14). */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    ((typeof value === "object" && value !== null) || typeof value === "function") &&
    typeof (value as { readonly then?: unknown }).then === "function"
  );
}

const { then } = Promise.prototype;

/** A thenable as a promise: whatever its `then` does, it settles once, and later. */
export function promiseOf(thenable: PromiseLike<unknown>): Promise<unknown> {
  // A promise of a class of its own may do in its `then` what it likes.
  if (thenable instanceof Promise && thenable.then === then) return thenable;
  return new Promise((resolve) => resolve(thenable));
}
