import fc from "fast-check";
import t from "tap";
import { documentId } from "../../../../examples/licence-review/files/document.ts";

t.test("documentId", async (t) => {
  t.test(
    "L1, L2: is one subject token, the same for the same path, another for another",
    async (t) => {
      const segment = fc.string({ minLength: 1, maxLength: 30 }).map((s) => s.replaceAll("/", "."));
      const path = fc
        .array(segment, { minLength: 1, maxLength: 6 })
        .map((parts) => parts.join("/"));
      t.doesNotThrow(() =>
        fc.assert(
          fc.property(path, path, (a, b) => {
            const id = documentId(a);
            return /^[a-z0-9][a-z0-9-]*$/u.test(id) && (documentId(b) === id) === (a === b);
          }),
        ),
      );
    },
  );
});
