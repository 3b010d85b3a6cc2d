import t from "tap";
import { type Envelope, EnvelopeKind, MemoryHub, seededRandom } from "../../../runtime/index.ts";
import { transportContract } from "../../contracts/transport.ts";

transportContract("memory", () => {
  const hub = new MemoryHub();
  const a = hub.join("a");
  const b = hub.join("b");
  return {
    a,
    b,
    cut: () => hub.disconnect("a", "b"),
    heal: () => hub.connect("a", "b"),
    close: () => {
      hub.leave("a");
      hub.leave("b");
    },
  };
});

function note(id: number, body: unknown): Envelope {
  return {
    kind: EnvelopeKind.tell,
    id,
    to: "x",
    from: "",
    correlation: 0,
    type: "note.take@1",
    body,
    ttlMs: 0,
  };
}

t.test("MemoryHub", async (t) => {
  t.test("X3, I1: a loss is reported before the next envelope of the link arrives", async (t) => {
    const hub = new MemoryHub({ random: seededRandom(3) });
    const a = hub.join("a");
    const heard: unknown[] = [];
    hub.join("b").attach({
      received: (_from, { body }) => heard.push(body),
      undelivered: () => {},
      lost: (node) => heard.push(`lost from ${node}`),
    });
    hub.faults.loss = 1;
    a.send("b", note(1, "gone"));
    hub.faults.loss = 0;
    a.send("b", note(2, "here"));
    await new Promise((resolve) => setImmediate(resolve));
    t.same(heard, ["lost from a", "here"]);
  });

  t.test("I2: a cut link refuses past its outbox", async (t) => {
    const hub = new MemoryHub({ outbox: 2 });
    const a = hub.join("a");
    hub.join("b");
    hub.disconnect("a", "b");
    t.same(
      [1, 2, 3].map((i) => a.send("b", note(i, i))),
      [true, true, false],
    );
  });

  t.test("two nodes never share an object, and what cannot be copied comes back", async (t) => {
    const hub = new MemoryHub();
    const a = hub.join("a");
    const back: unknown[] = [];
    a.attach({
      received: () => {},
      undelivered: (to, _envelope, reason) => back.push(`${to} ${reason}`),
      lost: () => {},
    });
    const heard: unknown[] = [];
    hub.join("b").attach({
      received: (_from, { body }) => heard.push(body),
      undelivered: () => {},
      lost: () => {},
    });
    const body = { n: 1 };
    a.send("b", note(1, body));
    a.send(
      "b",
      note(2, () => 1),
    );
    await new Promise((resolve) => setImmediate(resolve));
    t.same(heard, [body]);
    t.not(heard[0], body);
    t.same(back, ["b undecodable"]);
  });
});
