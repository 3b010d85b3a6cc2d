import t from "tap";
import {
  helloBytes,
  parseHello,
  parseRefusal,
  parseWelcome,
  refusalBytes,
  welcomeBytes,
} from "../../../cluster/ingress/client-hello.ts";
import { heartbeatBytes, parseHeartbeat } from "../../../cluster/membership/heartbeat.ts";
import { frameBytes, parseFrame } from "../../../cluster/wire/frame.ts";
import { type Envelope, EnvelopeKind } from "../../../runtime/remote/envelope.ts";
import { frameVectors, greetingVectors } from "./golden-vectors.ts";

/** What is said, without what is absent: a decoded envelope has every field. */
function said(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return value.map(said);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(fields.map(([key, field]) => [key, said(field)]));
}

t.test("golden vectors", async (t) => {
  t.test("F1: every frame has its bytes, and the bytes are read as that frame", async (t) => {
    for (const { name, header, envelopes, hex } of frameVectors()) {
      const whole = envelopes.map((envelope) => ({ ...envelope, body: envelope.body }));
      t.equal(Buffer.from(frameBytes(header, whole)).toString("hex"), hex, `${name}, written`);
      const read = parseFrame(Buffer.from(hex, "hex"));
      t.same(said(read), said({ ok: true, value: { ...header, envelopes, faults: [] } }), name);
    }
  });

  t.test("every heartbeat, hello and welcome has its bytes, both ways", async (t) => {
    for (const vector of greetingVectors()) {
      const bytes = Buffer.from(vector.hex, "hex");
      const value = { ok: true, value: vector.value };
      switch (vector.message) {
        case "heartbeat":
          t.equal(Buffer.from(heartbeatBytes(vector.value)).toString("hex"), vector.hex);
          t.same(parseHeartbeat(bytes), value, vector.name);
          break;
        case "hello":
          t.equal(Buffer.from(helloBytes(vector.value)).toString("hex"), vector.hex);
          t.same(parseHello(bytes), value, vector.name);
          break;
        case "welcome":
          t.equal(Buffer.from(welcomeBytes(vector.value)).toString("hex"), vector.hex);
          t.same(parseWelcome(bytes), value, vector.name);
          break;
        case "refusal":
          t.equal(Buffer.from(refusalBytes(vector.value)).toString("hex"), vector.hex);
          t.same(parseRefusal(bytes), value, vector.name);
          t.equal(parseWelcome(bytes).ok, false, "and it is no welcome to the first release");
          break;
      }
    }
  });

  t.test("there is one for every kind of envelope and for every field", async (t) => {
    const envelopes = frameVectors().flatMap((vector) => vector.envelopes);
    const kinds = new Set<number>(envelopes.map(({ kind }) => kind));
    t.same(
      [...kinds].sort((a, b) => a - b),
      Object.values(EnvelopeKind),
    );
    const fields: readonly (keyof Envelope)[] = [
      "body",
      "sequence",
      "traceparent",
      "attempt",
      "idempotencyKey",
      "askChain",
      "claim",
      "signature",
      "token",
    ];
    for (const field of fields)
      t.ok(
        envelopes.some((envelope) => envelope[field] !== undefined),
        field,
      );
    const headers = frameVectors().map(({ header }) => header);
    t.ok(headers.some(({ resend }) => resend));
    t.ok(headers.some(({ target }) => target === ""));
    t.ok(headers.some(({ baseSeq, linkSeq }) => baseSeq < linkSeq));
  });

  t.test("P3, S24: cut short or with one byte more, none is read", async (t) => {
    const parsers = {
      heartbeat: parseHeartbeat,
      hello: parseHello,
      welcome: parseWelcome,
      refusal: parseRefusal,
    };
    const all = [
      ...frameVectors().map(({ hex }) => ({ hex, parse: parseFrame })),
      ...greetingVectors().map(({ hex, message }) => ({ hex, parse: parsers[message] })),
    ];
    for (const { hex, parse } of all) {
      const bytes = Buffer.from(hex, "hex");
      for (let length = 0; length < bytes.length; length++)
        if (parse(bytes.subarray(0, length)).ok) t.fail(`${hex} cut to ${length} bytes`);
      t.equal(parse(Buffer.concat([bytes, Buffer.from([0xc0])])).ok, false);
    }
  });
});
