/**
 * The history of a seeded world as records, in one order with what its test tells.
 *
 * Owns: what the world's own happenings are as befallings, and whose life a node's event belongs to. Tests
 * tell of messages, tasks and faults that the world does not know of through its recorders.
 *
 * W1: before a record is written, all that has happened in the world before is.
 * W2: `atMs` is the world's own time since its beginning. A node's event whose clock says otherwise is
 *     put where the history stands.
 *
 * Cost: a record per event of the world.
 */
import type { System } from "../../runtime/system.ts";
import type { SeededWorld, WorldEvent } from "../../runtime/testing/index.ts";
import { type Fact, type HistoryRecord, lifeName, type RecordOf } from "./record.ts";
import { isTold, Recorder } from "./recorder.ts";

/** The name under which the world and its test tell. */
export const WORLD = "world";

const PREFIX = "world.";

type WorldBefalling = Extract<WorldEvent, { readonly type: `world.${string}` }>;

/** See the file's header. */
export class WorldRecords {
  readonly #world: SeededWorld;
  readonly #write: (record: HistoryRecord) => void;
  readonly #recorders = new Map<string, Recorder>();
  /** The present incarnation of each node. */
  readonly #lives = new Map<string, string>();
  /** Nodes that leave by themselves. */
  readonly #draining = new Set<string>();
  readonly #ended = new Set<string>();
  /** The faults that last, by what they are of. */
  readonly #lasting = new Map<string, string>();
  readonly #beganAtMs: number;
  #taken = 0;
  #faults = 0;
  #nowMs = 0;

  constructor(world: SeededWorld, write: (record: HistoryRecord) => void) {
    this.#world = world;
    this.#write = write;
    this.#beganAtMs = world.clock.nowMs() - world.clock.monotonicMs();
  }

  /** The recorder of a node in the life that it has now; without a system that of the test itself. */
  recorder(system?: System): Recorder {
    this.take();
    if (system === undefined) return this.#of(WORLD, "1");
    const { name, incarnation } = system.ports.membership.self;
    return this.#of(name, incarnation);
  }

  /** Writes all that happened in the world since the last time. */
  take(): void {
    const { events } = this.#world;
    while (this.#taken < events.length) {
      const event = events[this.#taken++];
      if (event !== undefined) this.#tellEvent(event);
    }
  }

  #of(node: string, life: string): Recorder {
    const name = lifeName(node, life);
    const known = this.#recorders.get(name);
    if (known !== undefined) return known;
    const recorder = new Recorder({
      node,
      life,
      // W1: whoever tells something reads the clock first, before the record has its place.
      nowMs: () => {
        this.take();
        return this.#world.clock.monotonicMs();
      },
      write: (record) => {
        this.#nowMs = record.atMs;
        this.#write(record);
      },
    });
    this.#recorders.set(name, recorder);
    return recorder;
  }

  #tellEvent(event: WorldEvent): void {
    const saidMs = event.atMs - this.#beganAtMs;
    const atMs = Math.min(Math.max(saidMs, this.#nowMs), this.#world.clock.monotonicMs());
    if (event.type === "node.changed" && event.phase === "down") {
      // Whoever is down acts no more, be it that it stopped, or that it will find itself fenced.
      this.#endLife(event.name, this.#draining.has(event.name) ? "stopped" : "fenced", atMs);
    }
    if (event.type === "node.changed" && event.phase === "draining") this.#draining.add(event.name);
    if (isBefalling(event)) this.#tellBefalling(event, atMs);
    else if (isTold(event))
      this.#of(event.node, this.#lives.get(event.node) ?? "1").tell(event, atMs);
  }

  #tellBefalling(event: WorldBefalling, atMs: number): void {
    switch (event.type) {
      case "world.joined":
        this.#lives.set(event.name, event.incarnation);
        this.#draining.delete(event.name);
        this.#of(event.name, event.incarnation).tell({ type: "life.began" }, atMs);
        return;
      case "world.crashed":
        this.#endLasting(event.name, atMs);
        this.#strike("kill", [event.name], atMs, { forMs: 0 });
        this.#endLife(event.name, "killed", atMs);
        return;
      case "world.fenced":
        this.#endLife(event.name, "fenced", atMs);
        return;
      case "world.paused":
        this.#last(event.name, this.#strike("pause", [event.name], atMs, { stalls: true }));
        return;
      case "world.isolated":
        this.#last(event.name, this.#strike("isolate", [event.name], atMs));
        return;
      case "world.resumed":
      case "world.rejoined":
        this.#endLasting(event.name, atMs);
        return;
      case "world.cut":
        this.#last(linkOf(event.between), this.#strike("cut", event.between, atMs));
        return;
      case "world.healed":
        this.#endLasting(linkOf(event.between), atMs);
        return;
      case "world.noted":
        return;
      default: {
        // Whatever else befalls a world touches the node that it names, or everybody.
        const { type, node: _, ...more } = event;
        const touches = "name" in more && typeof more.name === "string" ? [more.name] : [];
        const forMs = "forMs" in more && typeof more.forMs === "number" ? more.forMs : 0;
        this.#strike(type.slice(PREFIX.length), touches, atMs, { forMs });
      }
    }
  }

  #strike(
    kind: string,
    touches: readonly string[],
    atMs: number,
    more: { readonly forMs?: number; readonly stalls?: boolean } = {},
  ): string {
    const fault = `${kind} ${++this.#faults}`;
    this.#say({ type: "fault.began", fault, kind, touches, ...more }, atMs);
    return fault;
  }

  #last(what: string, fault: string): void {
    this.#lasting.set(what, fault);
  }

  #endLasting(what: string, atMs: number): void {
    const fault = this.#lasting.get(what);
    if (fault === undefined) return;
    this.#lasting.delete(what);
    this.#say({ type: "fault.ended", fault }, atMs);
  }

  #endLife(name: string, how: RecordOf<"life.ended">["how"], atMs: number): void {
    const ofLife = this.#lives.get(name);
    if (ofLife === undefined || this.#ended.has(lifeName(name, ofLife))) return;
    this.#ended.add(lifeName(name, ofLife));
    this.#say({ type: "life.ended", of: name, ofLife, how }, atMs);
  }

  #say(fact: Fact, atMs: number): void {
    this.#of(WORLD, "1").tell(fact, atMs);
  }
}

function isBefalling(event: WorldEvent): event is WorldBefalling {
  return event.type.startsWith(PREFIX);
}

function linkOf([a, b]: readonly [string, string]): string {
  return [a, b].toSorted((x, y) => (x < y ? -1 : 1)).join("|");
}
