import { execFileSync } from "node:child_process";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import t from "tap";
import {
  bytesOf,
  decodeLicence,
  type LicenceText,
  quoteOf,
  readLicence,
} from "../../../../examples/licence-review/files/licence-text.ts";
import {
  normalisedText,
  rangeOf,
} from "../../../../examples/licence-review/files/normalised-text.ts";

const utf8 = (text: string): LicenceText => ({ text, encoding: "utf-8" });

t.test("readLicence", async (t) => {
  const skippedReason = (root: string, path: string): string => {
    const read = readLicence(root, { path });
    return read.ok ? "read" : read.error.reason;
  };

  t.test("refuses files that are no text, each with one reason", async (t) => {
    const root = t.testdir({ folder: {} });
    writeFileSync(join(root, "nul"), Buffer.from([77, 73, 84, 0, 1, 2]));
    writeFileSync(
      join(root, "noise"),
      Buffer.from(Array.from({ length: 99 }, (_, i) => 128 + (i % 32))),
    );
    writeFileSync(join(root, "blank"), " \n\t");
    writeFileSync(join(root, "big"), "x".repeat(2_000_000));
    t.equal(skippedReason(root, "nul"), "binary: it contains NUL bytes");
    t.match(skippedReason(root, "noise"), /^binary:/u);
    t.equal(skippedReason(root, "blank"), "empty");
    t.equal(skippedReason(root, "big"), "too large: 2000000 bytes, at most 1048576");
    t.equal(skippedReason(root, "folder"), "a folder, not a file");
    t.equal(skippedReason(root, "missing"), "no such file");
  });

  t.test("does not wait for a writer when a pipe took the file's place", async (t) => {
    const root = t.testdir({});
    execFileSync("mkfifo", [join(root, "LICENSE")]);
    t.equal(skippedReason(root, "LICENSE"), "not a regular file");
  });

  t.test("says why a file cannot be opened", async (t) => {
    const root = t.testdir({});
    symlinkSync("LICENSE", join(root, "LICENSE"));
    t.equal(skippedReason(root, "LICENSE"), "cannot be read (ELOOP)");
  });
});

t.test("LicenceText", async (t) => {
  t.test("T1: the bytes of a slice decode to that slice", async (t) => {
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(fc.string({ unit: "grapheme" }), fc.nat(), fc.nat(), (text, a, b) => {
          const graphemes = [...text];
          const cut = (n: number) => graphemes.slice(0, n % (graphemes.length + 1)).join("").length;
          const [start, end] = [cut(a), cut(b)].sort((x, y) => x - y) as [number, number];
          return quoteOf(utf8(text), bytesOf(utf8(text), start, end)) === text.slice(start, end);
        }),
      ),
    );
  });

  t.test("T1: a file that is not UTF-8 keeps its byte positions", async (t) => {
    const bytes = Buffer.from("Copyright \xa9 J\xf6rg\nMIT License\n", "latin1");
    const decoded = decodeLicence(bytes);
    if (!decoded.ok) throw new Error(decoded.error);
    t.equal(decoded.value.encoding, "latin1");
    const normalised = normalisedText(decoded.value);
    const { startByte, endByte } = rangeOf(normalised, 0, normalised.text.length);
    t.equal(bytes.subarray(startByte, endByte).toString("latin1"), "MIT License");
  });

  t.test("T1: a byte order mark is counted", async (t) => {
    const bytes = Buffer.from("\uFEFFMIT License");
    const decoded = decodeLicence(bytes);
    if (!decoded.ok) throw new Error(decoded.error);
    const normalised = normalisedText(decoded.value);
    const { startByte, endByte } = rangeOf(normalised, 0, normalised.text.length);
    t.equal(bytes.subarray(startByte, endByte).toString(), "MIT License");
  });
});
