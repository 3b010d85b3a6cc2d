/**
 * A bucket whose keys are told of as registers: each call, what it came to, and what watchers see.
 *
 * Owns: `get`, `put`, `create`, `update` and `watch`. Deletes, batches and lists pass untold, so keys that
 * they touch are no registers.
 */
import type { KeyValue, Put } from "../../runtime/ports/key-value.ts";
import type { RecordOf } from "./record.ts";
import type { Recorder } from "./recorder.ts";

type Action = RecordOf<"register.called">["action"];
type Outcome = Pick<RecordOf<"register.returned">, "outcome" | "revision">;

/** A bucket that does what `bucket` does, and tells of it. */
export function recordedBucket(bucket: KeyValue, recorder: Recorder): KeyValue {
  const nameOf = (key: string): string => `${bucket.bucket}/${key}`;

  async function told<T>(
    call: { readonly key: string; readonly action: Action; readonly expected?: number },
    act: () => Promise<T>,
    outcomeOf: (answer: T) => Outcome,
  ): Promise<T> {
    const op = recorder.unique(bucket.bucket);
    recorder.tell({ type: "register.called", op, ...call, key: nameOf(call.key) });
    try {
      const answer = await act();
      recorder.tell({ type: "register.returned", op, ...outcomeOf(answer) });
      return answer;
    } catch (thrown) {
      recorder.tell({ type: "register.returned", op, outcome: "unknown" });
      throw thrown;
    }
  }

  return {
    bucket: bucket.bucket,
    get: (key) =>
      told(
        { key, action: "read" },
        () => bucket.get(key),
        (entry) => ({ outcome: "ok", revision: entry?.revision ?? 0 }),
      ),
    put: (key, value) =>
      told(
        { key, action: "write" },
        () => bucket.put(key, value),
        (revision) => ({ outcome: "ok", revision }),
      ),
    create: (key, value, options) =>
      told(
        { key, action: "compare-and-set", expected: 0 },
        () => bucket.create(key, value, options),
        outcomeOfPut,
      ),
    update: (key, value, expected, options) =>
      told(
        { key, action: "compare-and-set", expected },
        () => bucket.update(key, value, expected, options),
        outcomeOfPut,
      ),
    watch: (filter, listener) => {
      const watcher = recorder.unique(`watch ${bucket.bucket}`);
      return bucket.watch(filter, (change) => {
        const { key, revision } = change;
        recorder.tell({ type: "register.watched", watcher, key: nameOf(key), revision });
        listener(change);
      });
    },
    delete: (key, expected) => bucket.delete(key, expected),
    commit: (writes) => bucket.commit(writes),
    entries: (filter) => bucket.entries(filter),
  };
}

function outcomeOfPut(put: Put): Outcome {
  if (put.ok) return { outcome: "ok", revision: put.revision };
  return { outcome: "conflict", revision: put.conflict.current?.revision ?? 0 };
}
