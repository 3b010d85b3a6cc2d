import fc from "fast-check";
import t from "tap";
import {
  HeartbeatReader,
  heartbeatBytes,
  parseHeartbeat,
} from "../../../cluster/membership/heartbeat.ts";
import { pack, unpack } from "../../../cluster/wire/packing.ts";

t.test("a heartbeat", async (t) => {
  t.test("comes back as it was", async (t) => {
    for (const state of ["up", "draining", "leaving"] as const) {
      for (const traits of [
        { capacity: 1, metadata: {} },
        { capacity: 2.5, metadata: {} },
        { capacity: 1, metadata: { zone: "eu-1", release: "1.2.3" } },
      ]) {
        const beat = { incarnation: "7", state, lagMs: 12, roles: ["text", "gateway"], ...traits };
        t.same(parseHeartbeat(heartbeatBytes(beat)), { ok: true, value: beat });
      }
    }
  });

  t.test("H1: one of an older release is read, with a capacity of 1 and no metadata", async (t) => {
    const old = [1, "7", 0, 12, ["text"]];
    const beat = { incarnation: "7", state: "up" as const, lagMs: 12, roles: ["text"] };
    const read = { ...beat, capacity: 1, metadata: {} };
    t.same(parseHeartbeat(pack(old)), { ok: true, value: read });
    t.same(unpack(heartbeatBytes(read)), { ok: true, value: old }, "and is what it reads");
    t.ok(parseHeartbeat(pack([...old, 2, {}, "of a later release"])).ok);
  });

  t.test("of another form is refused and never throws", async (t) => {
    for (const bad of [1, [], [2, "7", 0, 0, []], [1, 7, 0, 0, []], [1, "7", 9, 0, []]])
      t.equal(parseHeartbeat(pack(bad)).ok, false);
    t.equal(parseHeartbeat(pack([1, "7", 0, 0, [1]])).ok, false);
    for (const bad of [[0], [-1], ["1"], [1, []], [1, { zone: 1 }], [1, { "a b": "c" }]])
      t.equal(parseHeartbeat(pack([1, "7", 0, 0, [], ...bad])).ok, false);
    fc.assert(fc.property(fc.uint8Array(), (b) => typeof parseHeartbeat(b).ok === "boolean"));
  });

  t.test("is unpacked once for as long as its sender says the same", async (t) => {
    const reader = new HeartbeatReader();
    const beat = { incarnation: "7", state: "up" as const, lagMs: 0, roles: [], ...plain };
    const read = (name: string, bytes: Uint8Array) => {
      const result = reader.read(name, bytes);
      return result.ok ? result.value : undefined;
    };
    // The memory into which a connection is read is used again.
    const memory = new Uint8Array(heartbeatBytes(beat));
    const first = read("a", memory);
    t.same(first, beat);
    t.equal(read("a", heartbeatBytes(beat)), first);
    memory.fill(0);
    t.equal(read("a", heartbeatBytes(beat)), first);
    t.not(read("b", heartbeatBytes(beat)), first);
    const late = { ...beat, lagMs: 1_500 };
    t.same(read("a", heartbeatBytes(late)), late);
    t.equal(read("a", pack([])), undefined);
    t.same(read("a", heartbeatBytes(late)), late, "what was no heartbeat changes nothing");
    reader.forget("b");
    t.same(read("b", heartbeatBytes(beat)), beat);
  });
});

const plain = { capacity: 1, metadata: {} };
