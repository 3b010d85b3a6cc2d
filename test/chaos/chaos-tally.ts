/**
 * How much was done in a chaos run, and what befell it: counts over a history.
 *
 * Owns: the counts. Whether what was done was done right is the invariants' business.
 */
import type { HistoryRecord } from "../invariants/record.ts";

/** What is counted of the work. */
export type Work = "tasks" | "writes" | "messages" | "asks" | "auctions";

/** See the file's header. */
export class ChaosTally {
  /** By kind: `kill`, `pause`, `server killed`, `kill at claim.written`, … */
  readonly faults: Map<string, number> = new Map();
  readonly work: Record<Work, number> = { tasks: 0, writes: 0, messages: 0, asks: 0, auctions: 0 };

  /** The next record of the history. */
  see(record: HistoryRecord): void {
    switch (record.type) {
      case "fault.began":
        this.faults.set(record.kind, this.count(record.kind) + 1);
        return;
      case "task.confirmed":
        this.work.tasks++;
        return;
      case "activation.wrote":
        this.work.writes++;
        return;
      case "auction.settled":
        if (record.outcome === "awarded") this.work.auctions++;
        return;
      case "message.sent":
        this.work.messages++;
        return;
      case "ask.started":
        this.work.asks++;
        return;
      default:
        return;
    }
  }

  /** How many faults of a kind. */
  count(kind: string): number {
    return this.faults.get(kind) ?? 0;
  }

  /** The fail points at which processes were killed, and how often that was. */
  get atFailPoints(): { readonly labels: number; readonly kills: number } {
    const kills = [...this.faults].filter(([kind]) => kind.startsWith("kill at "));
    return { labels: kills.length, kills: kills.reduce((sum, [, count]) => sum + count, 0) };
  }
}
