/** What a listener was told, with a wait that has a deadline of 5 s. */
export class Collected<T> {
  readonly all: T[] = [];
  #arrived: () => void = () => {};

  readonly listener = (one: T): void => {
    this.all.push(one);
    this.#arrived();
  };

  /** Resolves once it was told so many. */
  async count(wanted: number): Promise<readonly T[]> {
    const deadline = AbortSignal.timeout(5_000);
    let late = (): void => {};
    // One listener for all that arrives: a signal warns of a leak from the eleventh on.
    deadline.addEventListener("abort", () => late());
    while (this.all.length < wanted) {
      deadline.throwIfAborted();
      await new Promise<void>((resolve, reject) => {
        this.#arrived = resolve;
        late = () => reject(new Error(`told ${this.all.length} of ${wanted}`));
      });
    }
    return this.all;
  }
}
