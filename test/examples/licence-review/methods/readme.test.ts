import t from "tap";
import { quoteOf } from "../../../../examples/licence-review/files/licence-text.ts";
import { licenceSection, readme } from "../../../../examples/licence-review/methods/readme.ts";

const source = (text: string) => ({ text, encoding: "utf-8" }) as const;

t.test("readme", async (t) => {
  t.test("reads short names under a heading, in either heading style", async (t) => {
    for (const text of [
      "# Ünïcode\n\nBlah\n\n## License\n\nMIT © Jane\n",
      "# x\n\nLicense\n-------\n\nMIT\n",
      "## Contents\n- [License](#license)\n\n## Licence & Copyright\n[MIT](LICENSE)\n\n## More\nISC",
    ]) {
      const { licence, evidence } = readme(source(text));
      t.equal(licence, "MIT");
      if (evidence === undefined) throw new Error("no evidence");
      const bytes = Buffer.from(text).subarray(evidence.startByte, evidence.endByte);
      t.match(bytes.toString(), /^MIT/u);
    }
  });

  t.test("M6: looks nowhere else", async (t) => {
    t.equal(readme(source("# mit\n\nWe love the MIT License and isc.")).licence, undefined);
    t.equal(readme(source("")).licence, undefined);
  });

  t.test("M6: is less sure of a section that names two", async (t) => {
    const one = readme(source("# License\nMIT")).confidence;
    const two = readme(source("# License\nMIT or Apache-2.0")).confidence;
    t.equal(two, one / 2);
  });

  t.test("lists every licence that the section names, with its bytes", async (t) => {
    const text = "License\n---\n- MIT - all files, except `/lib/zlib`\n- ZLIB - `/lib/zlib`\n";
    const { names } = licenceSection(source(text));
    t.same(
      names.map(({ licence, evidence }) => [licence, quoteOf(source(text), evidence)]),
      [
        ["MIT", "MIT"],
        ["Zlib", "zlib"],
      ],
    );
  });
});
