import fc from "fast-check";
import t from "tap";
import { withChunkRuns } from "../../../cluster/wire/chunk-runs.ts";
import { type Envelope, EnvelopeKind } from "../../../runtime/remote/envelope.ts";

let lastId = 0;

function envelope(kind: Envelope["kind"], correlation: number, sequence?: number): Envelope {
  const id = ++lastId;
  const body = `${correlation}.${sequence ?? kind}`;
  return { kind, id, to: "", from: "n/a", correlation, type: "", body, ttlMs: 0, sequence };
}

function chunk(correlation: number, sequence: number): Envelope {
  return envelope(EnvelopeKind.chunk, correlation, sequence);
}

/** What an envelope says, chunks that travel together one by one. */
function apart(envelopes: readonly Envelope[]): string[] {
  return envelopes.flatMap(({ kind, correlation, sequence = 0, body }) =>
    kind === EnvelopeKind.chunks
      ? (body as string[]).map((one, at) => `5 ${correlation} ${sequence + at} ${one}`)
      : `${kind} ${correlation} ${sequence} ${body}`,
  );
}

t.test("chunks that leave together", async (t) => {
  t.test("R1: chunks of one stream are one envelope, with the first one's sequence", async (t) => {
    const [together, ...more] = withChunkRuns([chunk(7, 4), chunk(7, 5), chunk(7, 6)]);
    t.same(more, []);
    t.equal(together?.kind, EnvelopeKind.chunks);
    t.equal(together?.sequence, 4);
    t.same(together?.body, ["7.4", "7.5", "7.6"]);
  });

  t.test("R1: streams that take turns are one envelope each", async (t) => {
    const batch = [chunk(1, 1), chunk(2, 1), chunk(3, 1), chunk(1, 2), chunk(2, 2), chunk(1, 3)];
    const leaving = withChunkRuns(batch);
    t.same(
      leaving.map(({ body }) => body),
      [["1.1", "1.2", "1.3"], ["2.1", "2.2"], "3.1"],
    );
  });

  t.test("R1: a gap parts them", async (t) => {
    t.equal(withChunkRuns([chunk(1, 1), chunk(1, 3)]).length, 2);
  });

  t.test("R2: what lies between two chunks stays there", async (t) => {
    const end = envelope(EnvelopeKind.end, 1);
    const tell = envelope(EnvelopeKind.tell, 0);
    const batch = [chunk(1, 1), end, chunk(2, 1), chunk(2, 2), tell, chunk(2, 3)];
    t.same(
      withChunkRuns(batch).map(({ kind }) => kind),
      [5, EnvelopeKind.end, EnvelopeKind.chunks, EnvelopeKind.tell, 5],
    );
  });

  t.test("R3: one whose body is claimed stays as it is", async (t) => {
    const claim = { key: "node.n.1.1", sizeBytes: 300_000, form: "packed" } as const;
    const claimed = { ...chunk(1, 2), body: undefined, claim };
    const batch = [chunk(1, 1), claimed, chunk(1, 3)];
    t.same(withChunkRuns(batch), batch);
  });

  t.test(
    "R1, R2: whatever the mixture, no stream and no other envelope sees a change",
    async () => {
      fc.assert(
        fc.property(fc.array(fc.nat(5), { maxLength: 60 }), (choices) => {
          const sequences = [0, 0, 0, 0];
          const batch = choices.map((choice) => {
            if (choice > 3) return envelope(EnvelopeKind.tell, 0, choice);
            sequences[choice] = (sequences[choice] ?? 0) + 1;
            return chunk(choice, sequences[choice] ?? 0);
          });
          const before = apart(batch);
          const after = apart(withChunkRuns(batch));
          const isSame = (of: (line: string) => boolean): boolean =>
            before.filter(of).join() === after.filter(of).join();
          for (let stream = 0; stream < 4; stream++)
            // Each stream together with all that is no chunk.
            if (!isSame((line) => line.startsWith(`5 ${stream} `) || line.startsWith("0 ")))
              return false;
          return after.length === before.length;
        }),
      );
    },
  );
});
