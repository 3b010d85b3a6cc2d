/**
 * The asks that have started and not settled, by the life that waits for them.
 *
 * Owns: who waits for what. An ask of a life that has ended is nobody's.
 */
import { lifeName, type RecordOf, type Stamp, writerOf } from "./record.ts";

/** What a check hands the records of asks and lives to. */
export interface OpenAskHandlers {
  readonly "ask.started": (record: RecordOf<"ask.started">) => void;
  readonly "life.ended": (record: RecordOf<"life.ended">) => void;
}

/** See the file's header. */
export class OpenAsks {
  readonly #lives = new Map<string, Map<string, RecordOf<"ask.started">>>();
  readonly #lifeOf = new Map<string, string>();

  readonly on: OpenAskHandlers = {
    "ask.started": (record) => {
      const life = writerOf(record);
      const asks = this.#lives.get(life) ?? new Map();
      this.#lives.set(life, asks);
      asks.set(record.ask, record);
      this.#lifeOf.set(record.ask, life);
    },
    "life.ended": ({ of, ofLife }) => {
      const life = lifeName(of, ofLife);
      for (const ask of this.#lives.get(life)?.keys() ?? []) this.#lifeOf.delete(ask);
      this.#lives.delete(life);
    },
  };

  /** Takes an ask out; `undefined` = nobody waits for it. */
  settle(ask: string): RecordOf<"ask.started"> | undefined {
    const life = this.#lifeOf.get(ask);
    if (life === undefined) return undefined;
    this.#lifeOf.delete(ask);
    const asks = this.#lives.get(life);
    const started = asks?.get(ask);
    asks?.delete(ask);
    return started;
  }

  /** How many asks the writer of a record waits for. */
  countOf(writer: Stamp): number {
    return this.#lives.get(writerOf(writer))?.size ?? 0;
  }

  *all(): Iterable<RecordOf<"ask.started">> {
    for (const asks of this.#lives.values()) yield* asks.values();
  }
}
