import t from "tap";
import { azureReader, mooncakeReader } from "../../../benchmarks/data/published-traces.ts";

t.test("The Azure trace", async (t) => {
  t.test("has times since its first request, in the whole milliseconds of its clock", async (t) => {
    const read = azureReader();
    t.strictSame(read("2023-11-16 23:59:59.9996000,100,10"), {
      ok: true,
      value: { ms: 0, service: "conv", context_tokens: 100, generated_tokens: 10 },
    });
    t.match(read("2023-11-17 00:00:00.0001000,7,8"), { value: { ms: 1 } });
    t.match(read("2023-11-17 00:00:02,7,8"), { value: { ms: 2_001, generated_tokens: 8 } });
    t.match(azureReader()("2023-11-17 00:00:02,7,8"), { value: { ms: 0 } });
  });

  t.test("has nothing but requests", async (t) => {
    for (const line of ["", "x", "2023-11-16 23:59:59.9,100", "2023-11-16 23:59:59.9,-1,2"])
      t.strictSame(azureReader()(line), { ok: false, error: "is no request of the trace" });
    t.match(azureReader()("2023-13-16 23:59:59.9,1,2"), { ok: false, error: "has no such time" });
  });
});

t.test("Mooncake's trace", async (t) => {
  t.test("counts of each request's blocks those that an earlier one had", async (t) => {
    const read = mooncakeReader();
    const line = (ms: number, blocks: readonly number[]): string =>
      JSON.stringify({ timestamp: ms, input_length: 600, output_length: 5, hash_ids: blocks });
    t.strictSame(read(line(0, [0, 1])), {
      ok: true,
      value: {
        ms: 0,
        input_tokens: 600,
        output_tokens: 5,
        prefix_blocks: 2,
        first_block: 0,
        blocks_seen_before: 0,
      },
    });
    t.match(read(line(3_000, [0, 1, 2])), { value: { ms: 3_000, blocks_seen_before: 2 } });
    t.match(read(line(3_000, [7, 2, 8])), { value: { first_block: 7, blocks_seen_before: 1 } });
  });

  t.test("has nothing but requests", async (t) => {
    for (const line of [
      "",
      "null",
      '{"timestamp":0,"input_length":1,"output_length":1}',
      '{"timestamp":0,"input_length":1,"output_length":1,"hash_ids":[]}',
      '{"timestamp":0,"input_length":"1","output_length":1,"hash_ids":[0]}',
    ])
      t.strictSame(mooncakeReader()(line), { ok: false, error: "is no request of the trace" });
  });
});
