/** Small messages that would become large, deep or strange: nothing that reads from the wire takes them. */
import { Packr } from "msgpackr";
import t from "tap";
import { parseHello, parseRefusal, parseWelcome } from "../../cluster/ingress/client-hello.ts";
import { parseHeartbeat } from "../../cluster/membership/heartbeat.ts";
import { requestIn } from "../../cluster/services/service-answer.ts";
import { occurrenceIn } from "../../cluster/stores/reminder-subject.ts";
import { bodyOf } from "../../cluster/wire/body-store.ts";
import { parseFrame } from "../../cluster/wire/frame.ts";
import { MAX_DEPTH, MAX_NODES, unpack } from "../../cluster/wire/packing.ts";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");
const repeated = (head: string, times: number, tail = "c0"): Buffer =>
  Buffer.concat([hex(head.repeat(times)), hex(tail)]);
/** Stands where an envelope's body does. */
const around = (body: Uint8Array): Uint8Array =>
  Buffer.concat([hex("95 01 a137 01 00 91 97 00 01 a161 a0 00 a5742e784031"), body]);

const BOMBS: Readonly<Record<string, Uint8Array>> = {
  "33 levels of arrays": repeated("91", MAX_DEPTH + 1),
  "4,000 levels of arrays": repeated("91", 4_000),
  "a million levels of arrays": repeated("91", 1_000_000),
  "4,000 levels of maps": repeated("81a161", 4_000),
  "4,000 levels of maps in their keys": repeated("81", 4_000),
  "more values than are carried": Buffer.concat([
    hex("dd00010001"),
    Buffer.alloc(MAX_NODES + 1, 0xc0),
  ]),
  "an array said to have four thousand million elements": hex("ddffffffff c0"),
  "a map said to have as many": hex("dfffffffff a161 c0"),
  "a text said to have as many characters": hex("dbffffffff 61"),
  "bytes said to be as many": hex("c6ffffffff 61"),
  "an extension said to have as many bytes": hex("c9ffffffff 01 61"),
  "an extension of a program's own": hex("d4 10 00"),
  "a class of msgpackr's": hex("c7 03 65 010203"),
  "a record of msgpackr's": hex("d4 72 40 91 a161 01"),
  "a pointer of msgpackr's": hex("d6 70 00000001"),
  "a time that is none": hex("c7 0c ff 3b9aca01 7fffffffffffffff"),
  "a byte that begins nothing": hex("c1"),
  "half a number": hex("cf 00000001"),
  "arrays of arrays, each nearly too large": Buffer.concat([
    hex("dc0100"),
    ...Array.from({ length: 256 }, () => Buffer.concat([hex("dc0100"), Buffer.alloc(256, 0x90)])),
  ]),
};
const PARSERS: Readonly<Record<string, (bytes: Uint8Array) => { readonly ok: boolean }>> = {
  frame: parseFrame,
  heartbeat: parseHeartbeat,
  hello: parseHello,
  welcome: parseWelcome,
  refusal: parseRefusal,
  reminder: occurrenceIn,
  "body of a claim": (bytes) => bodyOf({ bytes, form: "packed" }),
};

t.test("bombs", async (t) => {
  t.test("P3: are refused by whatever reads from the wire", async (t) => {
    for (const [what, bytes] of Object.entries(BOMBS)) {
      // It is a time after all, or a date that is invalid: never more than a value.
      const isValue = what === "a time that is none";
      for (const [of, parse] of Object.entries(PARSERS))
        t.equal(parse(bytes).ok, isValue && of === "body of a claim", `${what}, as a ${of}`);
    }
  });

  t.test("P3: take neither a frame's reader nor its neighbours with them as a body", async (t) => {
    for (const [what, bytes] of Object.entries(BOMBS)) {
      const frame = parseFrame(around(bytes));
      if (what === "a time that is none") continue;
      t.equal(frame.ok && frame.value.envelopes.length > 0, false, what);
    }
    const good = parseFrame(around(hex("07")));
    t.match(good, { ok: true, value: { envelopes: [{ body: 7 }] } }, "a good one is read after");
  });

  t.test("make nothing larger than what they are made of allows", async (t) => {
    // The most values that are carried, in the fewest bytes: it stays within some megabytes.
    const most = Buffer.concat([hex("dcfffe"), Buffer.alloc(MAX_NODES - 2, 0x80)]);
    const before = process.memoryUsage().heapUsed;
    const read = unpack(most);
    t.equal(read.ok, true);
    t.ok(process.memoryUsage().heapUsed - before < 32 * 1_048_576);
  });

  t.test("P3: names of fields change no object but their own", async (t) => {
    const fields = new Packr({ useRecords: false }).pack(
      JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'),
    );
    unpack(fields);
    parseFrame(around(fields));
    t.notOk("polluted" in {});
  });

  t.test("regression: of JSON are refused by services before anybody sees them", async (t) => {
    const nested = (levels: number): Uint8Array =>
      Buffer.from(`${"[".repeat(levels)}${"]".repeat(levels)}`);
    t.equal(requestIn(nested(MAX_DEPTH)).ok, true);
    for (const bomb of [
      nested(MAX_DEPTH + 1),
      nested(200_000),
      Buffer.from(JSON.stringify(new Array(MAX_NODES).fill(0))),
      Buffer.from('{"__proto__":{"polluted":1}}'),
    ])
      t.match(requestIn(bomb), { ok: false, error: /^the body cannot be a message: / });
  });

  t.test("regression: what is no JSON is not quoted", async (t) => {
    const read = requestIn(Buffer.from('{"card":"canary", amount'));
    t.same(read, { ok: false, error: "the body is no JSON" });
  });
});
