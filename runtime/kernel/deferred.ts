/** A promise that its owner settles; settling it again changes nothing. */

/** A promise with its settling ends. */
export class Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;

  constructor() {
    let resolve: (value: T) => void = () => {};
    let reject: (error: unknown) => void = () => {};
    this.promise = new Promise<T>((yes, no) => {
      resolve = yes;
      reject = no;
    });
    this.resolve = resolve;
    this.reject = reject;
  }

  /** Declares that nobody may be waiting, so that a rejection is not taken for an oversight. */
  optional(): this {
    this.promise.catch(() => {});
    return this;
  }
}
