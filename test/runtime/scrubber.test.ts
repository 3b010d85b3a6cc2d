import fc from "fast-check";
import t from "tap";
import { processScrubber, Scrubber } from "../../runtime/scrubber.ts";
import { errorRecord, messageOf, TroupeError } from "../../runtime/troupe-error.ts";

const SEED = "SUAIBDPBAUTWCWBKIO6XHQNINK5FWJW4OHLXC3HQ2KFE4PEJUA44CNHTC4";

t.test("a scrubber", async (t) => {
  t.test("B1: replaces what was added, wherever it stands and however it is escaped", async (t) => {
    const scrubber = new Scrubber();
    const secret = 'pa"ss/wo rd\\';
    scrubber.add(secret);
    for (const text of [
      secret,
      `${secret}${secret}`,
      JSON.stringify({ secret }),
      encodeURIComponent(secret),
    ]) {
      const clean = scrubber.scrubbed(`before ${text} after`);
      t.match(clean, /^before .*\[secret\].* after$/);
      t.notMatch(clean, /wo.?.?.?rd/);
    }
    fc.assert(
      fc.property(fc.string({ minLength: 8 }), fc.string(), fc.string(), (value, a, b) => {
        const fresh = new Scrubber();
        fresh.add(value);
        return !fresh.scrubbed(a + value + b).includes(value) || "[secret]".includes(value);
      }),
    );
  });

  t.test("B2: replaces what looks like a secret although nobody named it", async (t) => {
    const scrubber = new Scrubber();
    const cases: readonly (readonly [string, string])[] = [
      [`seed ${SEED}.`, "seed [secret]."],
      ["key sk-proj-abcdefghijklmnop0123 used", "key [secret] used"],
      ["authorization: Bearer abc.def-ghi_123", "authorization: Bearer [secret]"],
      ["nats://user:p@ss@host:4222/x", "nats://[secret]@host:4222/x"],
      ["nats://a:1,nats://token123@b:2", "nats://a:1,nats://[secret]@b:2"],
      ["jwt eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl end", "jwt [secret] end"],
      [
        "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----\nrest",
        "[secret]\nrest",
      ],
    ];
    for (const [text, clean] of cases) t.equal(scrubber.scrubbed(text), clean);
  });

  t.test("B3: changes nothing else", async (t) => {
    const scrubber = new Scrubber();
    scrubber.add("short");
    for (const text of [
      "a short text",
      "risk-assessment-of-something-long",
      "nats://127.0.0.1:4222",
      "mail to somebody@example.org",
      "bearer of news",
      "UAIJTOCUQ5JPF2V4XFDBGVSXNNXBPLBV6PQRHMPHOEJAIFPHFDSKJI72",
    ])
      t.equal(scrubber.scrubbed(text), text);
    const data = { a: [1, "x", null], b: { c: new Uint8Array(2) } };
    t.equal(scrubber.scrubbedData(data), data, "itself");
  });

  t.test("takes in variables that are named like secrets, but no paths", async (t) => {
    const scrubber = new Scrubber();
    scrubber.addEnvironment({
      OPENAI_API_KEY: "value-of-the-key",
      DB_PASSWORD: "value-of-the-password",
      SSH_KEY: "/home/me/.ssh/id",
      HOME: "/home/me/somewhere",
      EDITOR: "value-of-the-editor",
    });
    const said = "value-of-the-key value-of-the-password value-of-the-editor /home/me/.ssh/id";
    t.equal(scrubber.scrubbed(said), "[secret] [secret] value-of-the-editor /home/me/.ssh/id");
    scrubber.addUrl("nats://somebody:password-of-theirs@host:1");
    t.equal(scrubber.scrubbed("it said password-of-theirs"), "it said [secret]");
  });

  t.test("takes no longer than its text is long", async (t) => {
    const scrubber = new Scrubber();
    const startedMs = performance.now();
    for (const part of ["a://", "sk-", "Bearer ", "-----BEGIN PRIVATE KEY-----", "eyJ", "SU"])
      scrubber.scrubbed(part.repeat(20_000));
    t.ok(performance.now() - startedMs < 20_000);
  });
});

t.test("S24: what is said of an error, here or on the wire, holds no secret", async (t) => {
  processScrubber.add("canary-of-this-test");
  const error = new TroupeError("store.unavailable", "no canary-of-this-test", {
    data: { where: ["canary-of-this-test"] },
  });
  t.equal(messageOf(error), "no [secret]");
  t.same(errorRecord(error), {
    code: "store.unavailable",
    message: "no [secret]",
    data: { where: ["[secret]"] },
  });
  t.equal(errorRecord(new Error(`seed ${SEED}`)).message, "seed [secret]");
});
