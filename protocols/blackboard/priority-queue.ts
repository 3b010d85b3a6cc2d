/**
 * A binary heap: the first of its items, whatever the order they came in.
 *
 * Owned and written by one holder. Cost: `add` and `take` O(log n), `first` O(1).
 */
export class PriorityQueue<T> {
  readonly #before: (a: T, b: T) => boolean;
  #items: T[] = [];

  /** @param before - whether `a` comes before `b`; must be a strict total order */
  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
  }

  /** How many items it holds. */
  get size(): number {
    return this.#items.length;
  }

  /** The first item, which stays. */
  first(): T | undefined {
    return this.#items[0];
  }

  /** Adds an item. */
  add(item: T): void {
    const items = this.#items;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = items[parentAt];
      if (parent === undefined || !this.#before(item, parent)) break;
      items[at] = parent;
      at = parentAt;
    }
    items[at] = item;
  }

  /** Removes and returns the first item. */
  take(): T | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (last !== undefined && items.length > 0) this.#sink(last);
    return first;
  }

  /** Removes and returns all items, in no particular order. */
  takeAll(): readonly T[] {
    const items = this.#items;
    this.#items = [];
    return items;
  }

  /** Puts `item` at the root and lets it sink to its place. */
  #sink(item: T): void {
    const items = this.#items;
    let at = 0;
    for (;;) {
      let childAt = 2 * at + 1;
      let child = items[childAt];
      const right = items[childAt + 1];
      if (child === undefined) break;
      if (right !== undefined && this.#before(right, child)) {
        childAt++;
        child = right;
      }
      if (!this.#before(child, item)) break;
      items[at] = child;
      at = childAt;
    }
    items[at] = item;
  }
}
