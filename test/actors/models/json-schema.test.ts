import { t } from "tap";
import { schemaFault } from "../../../actors/models/json-schema.ts";

t.test("schemaFault", async (t) => {
  t.test("passes what fits", async (t) => {
    const schema = {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      title: "t",
      type: "object",
      required: ["a"],
      additionalProperties: { type: "null" },
      properties: {
        a: { type: ["string", "integer"], minLength: 1, maxLength: 2, minimum: 1, maximum: 3 },
        b: { type: "array", items: { enum: ["x", { y: 1 }] }, minItems: 1, maxItems: 2 },
        c: { const: 4 },
        d: { type: "boolean" },
      },
    };
    for (const value of [{ a: "é" }, { a: 2, b: ["x", { y: 1 }], c: 4, d: true, e: null }]) {
      t.equal(schemaFault(schema, value), undefined);
    }
  });

  for (const [schema, value, fault] of [
    [{ type: "string" }, 1, "$ must be string"],
    [{ type: ["string", "null"] }, 1, "$ must be string or null"],
    [{ type: "number" }, Number.NaN, "$ must be number"],
    [{ type: "object" }, [], "$ must be object"],
    [{ enum: ["a"] }, "b", '$ must be one of ["a"]'],
    [{ const: { a: 1 } }, { a: 2 }, '$ must be {"a":1}'],
    [{ required: ["a"] }, {}, '$ lacks "a"'],
    [{ properties: { a: { type: "string" } } }, { a: 1 }, "$.a must be string"],
    [{ properties: {}, additionalProperties: false }, { a: 1 }, "$.a is not allowed"],
    [{ items: { type: "string" } }, ["a", 1], "$[1] must be string"],
    [{ minItems: 1 }, [], "$ breaks minItems 1"],
    [{ maxLength: 1 }, "ab", "$ breaks maxLength 1"],
    [{ minimum: 1 }, 0, "$ breaks minimum 1"],
  ] as const) {
    t.test(`says "${fault}"`, async (t) => {
      t.equal(schemaFault(schema, value), fault);
    });
  }

  t.test("J1: a keyword it does not check is a fault, not a pass", async (t) => {
    t.match(schemaFault({ anyOf: [{}] }, 1), /keyword "anyOf" is not supported/);
  });
});
