import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { SLOTS } from "../../../runtime/remote/remote-calls.ts";
import type { RemoteReply } from "../../../runtime/remote/remote-reply.ts";
import { ReplyTable } from "../../../runtime/remote/reply-table.ts";

/** Few slots and few uses, so that they meet; and slots past those of an array. */
const correlation = fc
  .tuple(fc.nat(3), fc.constantFrom(0, 1, 2, 65_535, 65_536, SLOTS - 1))
  .map(([use, slot]) => use * SLOTS + slot);

const step = fc.record({ what: fc.constantFrom("add", "take", "get"), correlation });

t.test("the calls of a node under way", async (t) => {
  t.test("T1, A3: found is what a map would find, whatever its numbers are", async (t) => {
    let found = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 80 }), (steps) => {
        const table = new ReplyTable();
        const map = new Map<number, RemoteReply>();
        for (const { what, correlation } of steps) {
          const expected = map.get(correlation);
          if (expected !== undefined && what !== "add") found++;
          if (what === "add") {
            const reply = { correlation } as RemoteReply;
            table.add(reply);
            map.set(correlation, reply);
          } else if (what === "take") {
            assert.equal(table.take(correlation), expected);
            map.delete(correlation);
          } else {
            assert.equal(table.get(correlation), expected);
          }
          assert.deepEqual(new Set(table.all()), new Set(map.values()));
        }
      }),
      { verbose: 1, numRuns: 1_000 },
    );
    t.ok(found > 500, `${found} were found`);
  });
});
