/**
 * Holds the vectors of `docs/wire.md` to the fixtures, and its tables to the code. After a change of the fixtures,
 * `TROUPE_WRITE_DOCS=1 node dist/test/repository/wire.test.js` writes the vectors anew.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { MAX_FRAME_BYTES, MAX_FRAME_ENVELOPES } from "../../cluster/wire/departures.ts";
import { ALL_FEATURES } from "../../cluster/wire/wire-features.ts";
import { EnvelopeKind } from "../../runtime/remote/envelope.ts";
import { frameVectors, greetingVectors } from "../cluster/wire/golden-vectors.ts";
import { ROOT, read } from "./repository.ts";

const DOCUMENT = "docs/wire.md";
const BEGIN = "<!-- begin of the vectors -->\n\n";
const END = "<!-- end of the vectors -->";

/** The vectors as the page shows them. */
function vectors(): string {
  return [...frameVectors(), ...greetingVectors()]
    .map(({ name, meaning, hex }) => `**${name}**: ${meaning}\n\n\`\`\`text\n${hex}\n\`\`\`\n\n`)
    .join("");
}

t.test(DOCUMENT, async (t) => {
  const document = read(DOCUMENT);

  t.test("quotes the vectors of the fixtures as they are", async (t) => {
    const from = document.indexOf(BEGIN) + BEGIN.length;
    const to = document.indexOf(END);
    t.ok(from >= BEGIN.length && to >= from, "it has a place for them");
    if (process.env["TROUPE_WRITE_DOCS"] === "1") {
      const path = join(ROOT, DOCUMENT);
      writeFileSync(path, `${document.slice(0, from)}${vectors()}${document.slice(to)}`);
      return;
    }
    t.equal(document.slice(from, to), vectors(), "run again with TROUPE_WRITE_DOCS=1 to write it");
  });

  t.test("lists every kind of envelope with its number", async (t) => {
    const listed = [...document.matchAll(/^\| (\d+) +\| `([a-z]+)`/gm)];
    t.same(
      listed.map(([, number, name]) => [name, Number(number)]),
      Object.entries(EnvelopeKind),
    );
  });

  t.test("lists every feature", async (t) => {
    const [, section = ""] = document.split("\n## Versions\n");
    const listed = [...section.matchAll(/^\| `([a-z]+)` +\|/gm)].map(([, name]) => name);
    t.same(listed, [...ALL_FEATURES]);
  });

  t.test("says how large a frame may be", async (t) => {
    const bytes = MAX_FRAME_BYTES.toLocaleString("en");
    t.match(document, `A frame has at most ${bytes} bytes and ${MAX_FRAME_ENVELOPES} envelopes`);
  });
});
