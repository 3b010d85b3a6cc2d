import fc from "fast-check";
import t from "tap";
import { resolveSettings } from "../../../cli/configuration/resolve.ts";
import { SETTINGS } from "../../../cli/configuration/settings.ts";

const file = (values: Readonly<Record<string, unknown>>) => ({ name: "troupe.config.ts", values });
const nothing = { flags: {}, env: {}, file: undefined };

/** What holds of one setting. */
function holding(key: string, sources: Partial<Parameters<typeof resolveSettings>[1]>): unknown {
  const resolved = resolveSettings(SETTINGS, { ...nothing, ...sources });
  if (!resolved.ok) return resolved.error.line;
  const { value, origin } = resolved.value.find((one) => one.key === key) ?? {};
  return [value, origin];
}

t.test("the configuration", async (t) => {
  t.test(
    "I1: a flag wins over the environment, that over the file, that over the default",
    async (t) => {
      const flags = { capacity: "4" };
      const env = { TROUPE_CAPACITY: "3" };
      const written = file({ capacity: 2 });
      t.same(holding("capacity", { flags, env, file: written }), [4, "--capacity"]);
      t.same(holding("capacity", { env, file: written }), [3, "TROUPE_CAPACITY"]);
      t.same(holding("capacity", { file: written }), [2, "troupe.config.ts"]);
      t.same(holding("capacity", {}), [1, "default"]);
      t.same(
        holding("capacity", { env: { TROUPE_CAPACITY: "" } }),
        [1, "default"],
        "empty is unset",
      );
      t.same(holding("capacity", { flags, env: { TROUPE_CAPACITY: "x" } }), [4, "--capacity"]);
    },
  );

  t.test("I2: what is wrong is one line with the setting, its value and its origin", async (t) => {
    for (const [key, given, must] of [
      ["name", "a.b", "must be 1 to 64 of letters, digits, _ and -"],
      ["roles", "", undefined],
      ["capacity", "0", "must be a number above 0"],
      ["capacity", "four", "must be a number above 0"],
      ["metadata", "zone", "must be pairs like zone=eu,release=7"],
      ["ingress", "ajar", "must be open or closed"],
      ["natsPort", "70000", "must be a port, a whole number from 1 to 65535"],
      ["lease", "1s", 'must be a duration like "5s" or "500ms", at least 2000 ms'],
      ["lease", "soon", 'must be a duration like "5s" or "500ms", at least 2000 ms'],
      ["replicas", "2", "must be 1, 3 or 5"],
      ["mostBodyBytes", "1000", "must be 262144 to 1073741824 bytes"],
      ["wireFeatures", "clams", "must be of claims, moved, chunks and parts, or none"],
      ["log", "loud", "must be trace, debug, info, warn, error or silent"],
      ["pools", "read=0", "must be capabilities with sizes from 1 to 10000"],
      ["rejoin", "sometimes", "must be always or never"],
    ] as const) {
      if (must === undefined) continue;
      const line = holding(key, { flags: { [key]: given } });
      t.match(line, `${key} ${must}`);
      t.match(line, JSON.stringify(given));
      t.match(line, /\(from --[a-z-]+\)$/);
    }
    const long = holding("name", { file: file({ name: "x".repeat(10_000) }) });
    t.ok(typeof long === "string" && long.length < 300, "also of a value that is long");
  });

  t.test(
    "I3: a key that no setting has is refused, with the one that was probably meant",
    async (t) => {
      t.match(
        holding("name", { file: file({ capcity: 3 }) }),
        /"capcity": did you mean capacity\?$/,
      );
      t.match(holding("name", { file: file({ Roles: [] }) }), /did you mean roles\?$/);
      t.match(
        holding("name", { file: file({ nonsense: 3 }) }),
        /"nonsense": it may have name, roles/,
      );
    },
  );

  t.test("reads text and values alike", async (t) => {
    const both: readonly (readonly [string, unknown, unknown])[] = [
      ["roles", "a, b", ["a", "b"]],
      ["metadata", "zone=eu,release=1=2", { zone: "eu", release: "1=2" }],
      ["pools", "read@1=4,classify", { "read@1": 4, classify: 1 }],
      ["capacity", "2.5", 2.5],
      ["replicas", "3", 3],
      ["mostBodyBytes", "300000", 300_000],
      ["wireFeatures", "claims,moved", ["claims", "moved"]],
      ["wireFeatures", "none", []],
    ];
    for (const [key, text, value] of both) {
      t.match(holding(key, { flags: { [key]: text } }), [value], text as string);
      t.match(holding(key, { file: file({ [key]: value }) }), [value]);
    }
    t.match(holding("lease", { file: file({ lease: "5s" }) }), [5_000]);
    t.match(holding("metadata", { flags: { metadata: ["a=1", "b=2,c=3"] } }), [
      { a: "1", b: "2", c: "3" },
    ]);
  });

  t.test("never throws, whatever stands in the file", async () => {
    const keys = fc.constantFrom(...SETTINGS.map(({ key }) => key));
    fc.assert(
      fc.property(fc.dictionary(keys, fc.anything()), (values) => {
        const resolved = resolveSettings(SETTINGS, { ...nothing, file: file(values) });
        return resolved.ok || !resolved.error.line.includes("\n");
      }),
    );
  });
});
