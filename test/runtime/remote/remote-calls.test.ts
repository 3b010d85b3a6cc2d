import t from "tap";
import type { Schema } from "../../../runtime/index.ts";
import { type Envelope, EnvelopeKind } from "../../../runtime/remote/envelope.ts";
import type { Postbox } from "../../../runtime/remote/postbox.ts";
import { RemoteCalls } from "../../../runtime/remote/remote-calls.ts";
import type { TroupeError } from "../../../runtime/troupe-error.ts";

const text: Schema<string> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) =>
      typeof value === "string" ? { value } : { issues: [{ message: "must be text" }] },
  },
};

/** A stream under way to node `n`, what its consumer got, and what was sent to its producer. */
function streamUnderWay(chunk?: Schema<unknown>) {
  const sent: number[] = [];
  const got: (readonly [number, unknown])[] = [];
  const errors: unknown[] = [];
  const postbox = {
    send: (_node: string, kind: number) => sent.push(kind) > 0,
  } as unknown as Postbox;
  const calls = new RemoteCalls(postbox);
  const schemas = chunk === undefined ? undefined : { chunk };
  const waiting = {
    kind: "stream",
    resolve: () => {},
    reject: (error: unknown) => errors.push((error as TroupeError).code),
    chunk: (sequence: number, value: unknown) => got.push([sequence, value]),
  } as const;
  const call = { node: "n", to: "n/a", type: "t.s@1", schemas, waiting };
  const correlation = calls.open(call) ?? 0;
  const together = (body: unknown): Envelope => ({
    kind: EnvelopeKind.chunks,
    id: 1,
    to: "",
    from: "n/a",
    correlation,
    type: "",
    body,
    ttlMs: 0,
    sequence: 3,
  });
  return { calls, together, sent, got, errors };
}

t.test("calls to other nodes", async (t) => {
  t.test("S16: chunks that travel together come one by one, with their sequence", async (t) => {
    const { calls, together, got, sent } = streamUnderWay();
    calls.chunks("n", together(["a", undefined, null]));
    t.same(got, [
      [3, "a"],
      [4, undefined],
      [5, null],
    ]);
    t.same(sent, []);
    t.equal(calls.size, 1);
  });

  t.test("I1: one of several that does not fit its schema ends the stream there", async (t) => {
    const { calls, together, got, sent, errors } = streamUnderWay(text);
    calls.chunks("n", together(["a", "b", 3, "d"]));
    t.same(got, [
      [3, "a"],
      [4, "b"],
    ]);
    t.same(errors, ["ask.invalid"]);
    t.same(sent, [EnvelopeKind.cancel], "its producer is told once");
    t.equal(calls.size, 0);
  });

  t.test("I1: chunks that are no array end the stream", async (t) => {
    const { calls, together, got, sent, errors } = streamUnderWay();
    calls.chunks("n", together({ length: 1e9 }));
    t.same([got, errors, sent], [[], ["ask.invalid"], [EnvelopeKind.cancel]]);
  });

  t.test("A3: chunks of another node than the one that was asked are dropped", async (t) => {
    const { calls, together, got, errors } = streamUnderWay();
    calls.chunks("m", together(["a"]));
    t.same([got, errors], [[], []]);
  });
});
