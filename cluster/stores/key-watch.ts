/**
 * One watch of a bucket, made anew when it has gone silent.
 *
 * Owns: what the watch has told, and finding out that there is more: the server that hosts a watch's consumer may
 * die, and nobody says so. Making the consumer is the client's.
 *
 * W1: revisions grow, over all consumers that the watch ever had: a new one begins after the last revision
 *     that was told, and what is older is not told again (B2).
 * W2: each look asks the leader for the last message that the filter selects. When the watch has not told it
 *     by the next look, a second later, its consumer is given up for a new one.
 * W3: deletions are told once the watch has told what there was; a new consumer tells all of them, as long
 *     as their markers last.
 *
 * W4: it ends with its connection.
 *
 * Cost: one request to the leader per look, no look while the watch tells something.
 */
import type { KV, KvWatchEntry } from "@nats-io/kv";
import type { QueuedIterator } from "nats";
import type { Cancel, Clock } from "../../runtime/ports/clock.ts";
import type { KeyValueChange } from "../../runtime/ports/key-value.ts";
import { unpack } from "../wire/packing.ts";

/** What a {@link KeyWatch} is made of. */
export interface KeyWatchSetting {
  readonly filter: string;
  readonly kv: Pick<KV, "watch">;
  /** The revision of the last message that the filter selects, from the leader; 0 when there is none. */
  readonly lastRevision: (filter: string) => Promise<number>;
  readonly listener: (change: KeyValueChange) => void;
  readonly isClosed: () => boolean;
  readonly clock: Clock;
  readonly lookEveryMs: number;
}

const LOOK_AGAIN_MS = 1_000;

/** A watch; see the file's header. */
export class KeyWatch {
  readonly #setting: KeyWatchSetting;
  #told = 0;
  #changes: QueuedIterator<KvWatchEntry> | undefined;
  #phase: "watching" | "behind" | "over" = "watching";
  #cancel: Cancel = () => {};

  constructor(setting: KeyWatchSetting) {
    this.#setting = setting;
  }

  /** Tells what there is, and from then on what comes; rejects with what the client rejects with. */
  async begin(): Promise<void> {
    this.#changes = await this.#setting.kv.watch({ key: this.#setting.filter });
    void this.#follow(this.#changes, "first");
    this.#lookAfter(this.#setting.lookEveryMs);
  }

  /** Tells nothing more. */
  end(): void {
    this.#phase = "over";
    this.#cancel();
    this.#changes?.stop();
  }

  async #follow(changes: QueuedIterator<KvWatchEntry>, which: "first" | "later"): Promise<void> {
    try {
      for await (const entry of changes) {
        if (changes !== this.#changes || this.#isOver) return;
        this.#tell(entry, which);
      }
    } catch {
      changes.stop(); // the next look notices
    }
  }

  #tell({ key, revision, operation, value, isUpdate }: KvWatchEntry, which: string): void {
    if (revision <= this.#told) return;
    this.#told = revision;
    const { listener } = this.#setting;
    if (operation !== "PUT") {
      if (isUpdate || which === "later") listener({ type: "delete", key, revision });
      return;
    }
    const unpacked = unpack(value);
    if (unpacked.ok) listener({ type: "put", key, value: unpacked.value, revision });
  }

  get #isOver(): boolean {
    return this.#phase === "over";
  }

  #lookAfter(delayMs: number): void {
    const { clock, isClosed, lookEveryMs } = this.#setting;
    const toldBefore = this.#told;
    this.#cancel = clock.after(delayMs, () => {
      if (isClosed()) {
        this.end();
        return;
      }
      if (this.#told > toldBefore) {
        this.#phase = "watching";
        this.#lookAfter(lookEveryMs);
        return;
      }
      this.#look().then(
        () => {
          if (this.#isOver) return;
          this.#lookAfter(this.#phase === "behind" ? LOOK_AGAIN_MS : lookEveryMs);
        },
        // The leader is away: the next look tries again.
        () => {
          if (!this.#isOver) this.#lookAfter(lookEveryMs);
        },
      );
    });
  }

  async #look(): Promise<void> {
    const { filter, kv, lastRevision } = this.#setting;
    const last = await lastRevision(filter);
    if (this.#isOver) return;
    if (last <= this.#told) {
      this.#phase = "watching";
      return;
    }
    if (this.#phase === "watching") {
      this.#phase = "behind"; // it may be on its way
      return;
    }
    const before = this.#changes;
    const resumeFromRevision = this.#told + 1;
    const changes = await kv.watch({ key: filter, resumeFromRevision });
    if (this.#isOver) {
      changes.stop();
      return;
    }
    this.#phase = "watching";
    this.#changes = changes;
    before?.stop();
    void this.#follow(changes, "later");
  }
}
