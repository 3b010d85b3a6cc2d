/** The end of a run: a promise that a handler settles, made anew for each run. */
export class Finish {
  #resolve: () => void = () => {};

  /** Settles at the next {@link Finish.done}; to be read before the work begins. */
  get next(): Promise<void> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  done(): void {
    this.#resolve();
  }
}
