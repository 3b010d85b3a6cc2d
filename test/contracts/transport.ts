/** What every transport keeps: run over the memory twin and over NATS. */
import t from "tap";
import { type Envelope, EnvelopeKind, type Transport } from "../../runtime/index.ts";

/** Two linked nodes, `a` and `b`, and the means to disturb their link. */
export interface LinkedTransports {
  readonly a: Transport;
  readonly b: Transport;
  /** Cuts both ways; absent when the transport under test cannot. */
  readonly cut?: () => void | Promise<void>;
  readonly heal?: () => void | Promise<void>;
  readonly close: () => void | Promise<void>;
}

export type LinkTransports = () => LinkedTransports | Promise<LinkedTransports>;

const DEADLINE_MS = 10_000;

/** What a node heard, with a wait that has a deadline. */
class Heard {
  readonly received: { readonly from: string; readonly envelope: Envelope }[] = [];
  readonly undelivered: { readonly to: string; readonly envelope: Envelope }[] = [];
  #changed: () => void = () => {};

  constructor(transport: Transport) {
    transport.attach({
      received: (from, envelope) => {
        this.received.push({ from, envelope });
        this.#changed();
      },
      unreadable: () => {},
      undelivered: (to, envelope) => {
        this.undelivered.push({ to, envelope });
        this.#changed();
      },
      lost: () => {},
    });
  }

  get bodies(): readonly unknown[] {
    return this.received.map(({ envelope }) => envelope.body);
  }

  async until(condition: (heard: Heard) => boolean): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error("not heard in time")), DEADLINE_MS);
    });
    while (!condition(this)) {
      await Promise.race([
        late,
        new Promise<void>((resolve) => {
          this.#changed = resolve;
        }),
      ]);
    }
    clearTimeout(timer);
  }
}

function envelope(id: number, body: unknown, over: Partial<Envelope> = {}): Envelope {
  return {
    kind: EnvelopeKind.tell,
    id,
    to: "someone",
    from: "",
    correlation: 0,
    type: "note.take@1",
    body,
    ttlMs: 0,
    ...over,
  };
}

/** Registers the tests of the contract. */
export function transportContract(name: string, link: LinkTransports): void {
  t.test(`Transport: ${name}`, async (t) => {
    t.test(
      "X1: carries envelopes from node to node in order, each once, vouching for the sender",
      async (t) => {
        const { a, b, close } = await link();
        const heard = new Heard(b);
        new Heard(a);
        const sent = Array.from({ length: 1_000 }, (_, i) => i);
        for (const i of sent) t.equal(a.send(b.node, envelope(i + 1, i)), true);
        await heard.until(({ received }) => received.length >= sent.length);
        t.same(heard.bodies, sent);
        t.ok(heard.received.every(({ from }) => from === a.node));
        await close();
      },
    );

    t.test("carries every field of an envelope", async (t) => {
      const { a, b, close } = await link();
      const heard = new Heard(b);
      new Heard(a);
      const full = envelope(
        7,
        { text: "ü", list: [1, null, true] },
        {
          kind: EnvelopeKind.ask,
          from: `${a.node}/asker`,
          correlation: 2 ** 40 + 3,
          ttlMs: 1_500,
          sequence: 4,
          traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01`,
          attempt: 2,
          idempotencyKey: "k",
          askChain: [`${a.node}/root`],
        },
      );
      a.send(b.node, full);
      await heard.until(({ received }) => received.length === 1);
      const [got] = heard.received;
      // The time left shrinks on the way.
      t.match({ ...got?.envelope, ttlMs: full.ttlMs }, full);
      t.ok((got?.envelope.ttlMs ?? 0) <= full.ttlMs);
      await close();
    });

    t.test("holds back what comes before the receiver is attached", async (t) => {
      const { a, b, close } = await link();
      new Heard(a);
      a.send(b.node, envelope(1, "early"));
      await new Promise((resolve) => setImmediate(resolve));
      const heard = new Heard(b);
      await heard.until(({ received }) => received.length === 1);
      t.same(heard.bodies, ["early"]);
      await close();
    });

    t.test(
      "publishes to subscribed nodes, the publisher's own included, until they unsubscribe",
      async (t) => {
        const { a, b, close } = await link();
        const heardA = new Heard(a);
        const heardB = new Heard(b);
        const topic = (body: unknown): Envelope =>
          envelope(1, body, { kind: EnvelopeKind.topic, to: "news", type: "" });
        a.subscribe("news");
        b.subscribe("news");
        b.subscribe("news");
        b.unsubscribe("news");
        // A subscription may take a moment to be known elsewhere: publish until it is.
        for (let i = 0; heardB.received.length === 0 && i < 100; i++) {
          t.equal(a.publish("news", topic("first")), true);
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        await heardA.until(({ received }) => received.length >= 1);
        await heardB.until(({ received }) => received.length >= 1);
        b.unsubscribe("news");
        const before = heardB.received.length;
        a.publish("news", topic("second"));
        a.send(b.node, envelope(2, "last"));
        await heardB.until(({ bodies }) => bodies.includes("last"));
        t.notOk(heardB.bodies.slice(before).includes("second"));
        await close();
      },
    );

    t.test(
      "X2: what is sent while the link is cut arrives after it heals, or is handed back",
      async (t) => {
        const { a, b, cut, heal, close } = await link();
        if (cut === undefined || heal === undefined) {
          await close();
          t.comment("this transport is not cut here");
          return;
        }
        const heardA = new Heard(a);
        const heardB = new Heard(b);
        a.send(b.node, envelope(1, 0));
        await heardB.until(({ received }) => received.length === 1);
        await cut();
        let accepted = 1;
        for (let i = 1; i <= 100; i++) if (a.send(b.node, envelope(i + 1, i))) accepted++;
        await heal();
        await heardB.until(
          ({ received }) => received.length + heardA.undelivered.length >= accepted,
        );
        t.equal(heardB.received.length + heardA.undelivered.length, accepted);
        const bodies = heardB.bodies as number[];
        t.same(
          bodies,
          [...bodies].sort((x, y) => x - y),
        );
        await close();
      },
    );
  });
}
