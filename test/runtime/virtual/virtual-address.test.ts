import fc from "fast-check";
import t from "tap";
import { unitOf } from "../../../runtime/placement/unit.ts";
import { checkedKey } from "../../../runtime/ports/key-filter.ts";
import { EnvelopeKind } from "../../../runtime/remote/envelope.ts";
import {
  departureBody,
  givenBody,
  parseMoved,
  parseOwner,
  parseUnit,
  sentBackBody,
  unitFields,
} from "../../../runtime/virtual/moved.ts";
import {
  addressHere,
  checkedKeyOf,
  parseVirtual,
  virtualAddress,
} from "../../../runtime/virtual/virtual-address.ts";

const keys = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 64 })
  .filter((key) => Buffer.byteLength(key) <= 256);

t.test("Addresses of virtual actors", async (t) => {
  t.test("V1: give back the key that they were made of, whatever it is", (t) => {
    fc.assert(
      fc.property(keys, (key) => {
        const address = virtualAddress("session", checkedKeyOf(key));
        const parsed = parseVirtual(address);
        return parsed?.type === "session" && parsed.key === key && address.split("/").length === 3;
      }),
    );
    t.end();
  });

  t.test("have one form each: what could be read in two ways is none", (t) => {
    for (const address of [
      "$virtual",
      "$virtual/session",
      "$virtual/session/",
      "$virtual/session/a/child",
      "$virtual/session/~61",
      "$virtual/session/~e4",
      "$virtual/session/~FF",
      "$virtual/session/a b",
      "n1/$virtual/session/a",
    ]) {
      t.equal(parseVirtual(address), undefined, address);
    }
    t.equal(addressHere("n1", "$virtual/session/a"), "$virtual/session/a");
    t.equal(addressHere("n1", "$virtual/session/a/child"), "n1/$virtual/session/a/child");
    t.end();
  });

  t.test("U1: every unit is a key of the registry", (t) => {
    fc.assert(
      fc.property(keys, fc.constantFrom("local" as const, "spread" as const), (key, placement) => {
        const { id } = unitOf("a.b-c_d", placement, key);
        return checkedKey(id) === id;
      }),
    );
    t.end();
  });
});

t.test("What nodes say of units that move", async (t) => {
  t.test("is read as it was written", (t) => {
    const owner = { node: "n2", incarnation: "7", token: 12 };
    const message = {
      kind: EnvelopeKind.ask,
      to: "$virtual/session/u",
      from: "n1/desk",
      correlation: 9,
      type: "session.lines@1",
      body: { a: 1 },
    };
    const envelope = { ...message, id: 1, ttlMs: 5, token: 11 };
    t.match(parseMoved(sentBackBody(envelope, owner)), { type: "back", token: 11, owner, message });
    t.match(parseMoved(sentBackBody(envelope, undefined)), { type: "back", owner: undefined });
    const unit = unitOf("session", "role:x", "u");
    t.same(parseMoved(givenBody(unit)), { type: "given", unit });
    const self = { name: "n1", incarnation: "i1" };
    for (const type of ["closing", "leaving"] as const) {
      t.same(parseMoved(departureBody(type, self)), { type, incarnation: "i1" });
    }
    t.same(parseMoved(["leaving"]), { type: "leaving", incarnation: undefined }, "an older one");
    t.same(parseUnit(unitFields(unit)), unit);
    t.end();
  });

  t.test("regression: never throws, whatever stands for the chain of an ask", (t) => {
    const message = [EnvelopeKind.ask, "$virtual/s/u", "n1/desk", 9, "s.x@1", 1, undefined];
    const chainOf = (askChain: unknown) => {
      const moved = parseMoved(["back", 1, null, [...message, askChain]]);
      return moved?.type === "back" ? moved.message.askChain : undefined;
    };
    t.same(chainOf(["n1/a", "n2/b"]), ["n1/a", "n2/b"]);
    for (const chain of [[{ toString: 1 }], [7], "n1/a", null]) t.equal(chainOf(chain), undefined);
    t.end();
  });

  t.test("is dropped when it has any other form", (t) => {
    fc.assert(
      fc.property(fc.anything(), (body) => {
        parseOwner(body);
        parseUnit(body);
        return parseMoved(body) === undefined;
      }),
    );
    for (const body of [
      ["back"],
      ["back", 1, null, [4]],
      ["back", 1, null, [7, "", "", 0, "", 1]],
      ["given", ["id", "type", "elsewhere"]],
      ["taken", 1],
    ]) {
      t.equal(parseMoved(body), undefined);
    }
    t.end();
  });
});
