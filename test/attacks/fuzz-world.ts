/**
 * A node, a gateway and a client in this process, on a clock that stands still, whose server is whoever fuzzes
 * them.
 *
 * Owns: what is attacked, and asking afterwards whether it still works. Its neighbour `fuzz-run.ts` owns what
 * they are sent, `mutation.ts` how that is made.
 */

import { welcomeBytes } from "../../cluster/ingress/client-hello.ts";
import { ClientTransport } from "../../cluster/ingress/client-transport.ts";
import { Ingress } from "../../cluster/ingress/ingress.ts";
import { heartbeatBytes } from "../../cluster/membership/heartbeat.ts";
import { NatsMembership } from "../../cluster/membership/membership.ts";
import { frameBytes, parseFrame } from "../../cluster/wire/frame.ts";
import { NatsTransport } from "../../cluster/wire/nats-transport.ts";
import {
  egressSubject,
  frameSubject,
  heartbeatSubject,
  ingressSubject,
  pinnedIngressSubject,
  topicSubject,
} from "../../cluster/wire/node-subject.ts";
import { ALL_FEATURES, CLIENT_FEATURES } from "../../cluster/wire/wire-features.ts";
import {
  actor,
  ask,
  createSystem,
  EventFeed,
  protocol,
  type System,
  stream,
  tell,
  virtual,
} from "../../runtime/index.ts";
import type { KeyValue } from "../../runtime/ports/key-value.ts";
import type { Member } from "../../runtime/ports/membership.ts";
import { memoryKeyValues } from "../../runtime/ports/memory-key-value.ts";
import type { Random } from "../../runtime/ports/random.ts";
import { type Envelope, EnvelopeKind } from "../../runtime/remote/envelope.ts";
import { ManualClock, ManualScheduler } from "../../runtime/testing/index.ts";
import { CountingLog } from "./counting-log.ts";
import { FewMembers } from "./few-members.ts";
import type { Pools } from "./mutation.ts";
import { StandInConnection } from "./stand-in-connection.ts";

const CLUSTER = "fz";
const NODE = "n2";
const CLIENT = "c9";
const INCARNATION = "0000000000000042";
const PEER_INCARNATION = "0000000000000041";
const TRAITS = { roles: ["gateway"], capacity: 1, metadata: {} };
const MOST_BODY_BYTES = 1_048_576;
const NEWEST = 16;

const Desk = protocol("desk@1", {
  note: tell<unknown>(),
  review: ask<unknown, unknown>(),
  scan: stream<unknown, unknown, unknown>(),
});
const Book = protocol("book@1", { note: tell<unknown>(), review: ask<unknown, unknown>() });

/** Actors that take anything, and say that they did. */
function takers(took: () => void) {
  const answered = (_ctx: unknown, body: unknown): unknown => {
    took();
    return body;
  };
  const desk = actor(
    Desk,
    (_: undefined, ctx) => {
      ctx.subscribe("news", "note");
      return undefined;
    },
    {
      note: took,
      review: answered,
      async *scan(_ctx, body) {
        took();
        for (let n = 0; n < 100; n++) yield n;
        return body;
      },
    },
    // A stream whose reader gives no credit occupies its actor.
    { concurrency: 2_000 },
  );
  const book = actor(Book, () => undefined, { note: took, review: answered });
  return { desk, book };
}

/** What a message may be sent as, by where it comes in. */
export type Door = "node" | "topic" | "greeting" | "client" | "gateway" | "heartbeat";

const NONE: Readonly<Record<Door, number>> = {
  node: 0,
  topic: 0,
  greeting: 0,
  client: 0,
  gateway: 0,
  heartbeat: 0,
};

/** All doors. */
export const DOORS: readonly Door[] = Object.keys(NONE) as Door[];

/** What is attacked; see the file's header. */
export class FuzzWorld {
  readonly log: CountingLog = new CountingLog();
  readonly clock: ManualClock;
  readonly #members: FewMembers;
  readonly #scheduler = new ManualScheduler();
  readonly #server: StandInConnection;
  readonly #system: System;
  readonly #transport: NatsTransport;
  readonly #ingress: Ingress;
  readonly #client: ClientTransport;
  readonly #clientSystem: System;
  readonly #membership: NatsMembership;
  readonly #endings: (() => void)[] = [];
  /** The peers of this round, which end with it. */
  #round = 0;
  readonly #linkSeqs: Record<Door, number> = { ...NONE };
  /** Of asks and streams that this node has under way, the newest. */
  readonly #correlations: number[] = [];
  readonly #answers = new Map<string, Envelope[]>();
  /** How many messages came through to an actor. */
  taken = 0;

  private constructor(random: Random, clock: ManualClock, leases: KeyValue) {
    const { log } = this;
    this.clock = clock;
    const scheduler = this.#scheduler;
    this.#server = new StandInConnection((subject, bytes) => this.#published(subject, bytes));
    const { connection } = this.#server;
    const self = { name: NODE, incarnation: INCARNATION };
    const { desk, book } = takers(() => {
      this.taken++;
    });
    this.#members = new FewMembers({ ...TRAITS, ...self, phase: "up", lagMs: 0 });
    this.#transport = new NatsTransport({
      connection,
      cluster: CLUSTER,
      self,
      clock,
      scheduler,
      log,
      reads: ALL_FEATURES,
    });
    this.#system = createSystem({
      node: NODE,
      transport: this.#transport,
      membership: this.#members,
      clock,
      scheduler,
      random,
      log,
      actors: [virtual(book)],
    });
    this.#system.spawn(desk, { name: "desk" });
    this.#ingress = new Ingress({
      connection,
      cluster: CLUSTER,
      self,
      system: this.#system,
      clock,
      scheduler,
      log,
      standing: () => true,
      reads: CLIENT_FEATURES,
      mostBytes: MOST_BODY_BYTES,
    });
    this.#membership = new NatsMembership({
      connection,
      leases,
      leaseTtlMs: 3_000,
      cluster: CLUSTER,
      self,
      traits: TRAITS,
      clock,
      random,
      log,
      events: new EventFeed(NODE, clock),
    });
    this.#client = new ClientTransport({
      connection,
      inbox: `_INBOX_${CLUSTER}.${CLIENT}.client`,
      cluster: CLUSTER,
      role: "client",
      name: CLIENT,
      incarnation: "0000000000000043",
      clock,
      scheduler,
      log,
      reads: CLIENT_FEATURES,
      mostBytes: MOST_BODY_BYTES,
    });
    this.#clientSystem = createSystem({
      node: CLIENT,
      transport: this.#client,
      clock,
      scheduler,
      random,
      log,
    });
  }

  /** Starts it. */
  static async start(random: Random): Promise<FuzzWorld> {
    const clock = new ManualClock();
    return new FuzzWorld(random, clock, await memoryKeyValues({ clock }).open("LEASE"));
  }

  /** What a message may name. */
  get pools(): Pools {
    const { peer } = this;
    return {
      to: [
        ...Array<string>(8).fill("desk"),
        ...Array<string>(4).fill(`${NODE}/desk`),
        ...Array<string>(4).fill("$virtual/book/k"),
        "nobody",
        "news",
        "desk/child",
        "$node",
        "$spawn",
        "$root/x",
        "$virtual/book",
        "$virtual/none/k",
        "",
      ],
      from: [
        ...Array<string>(8).fill(`${peer}/a`),
        "",
        `${NODE}/desk`,
        "$virtual/book/k",
        "n9/x",
        peer,
      ],
      types: [
        "desk.note@1",
        "desk.review@1",
        "desk.scan@1",
        "book.note@1",
        "book.review@1",
        "desk.none@1",
        "desk.$remind@1",
        "@",
        ".@",
        "",
      ],
      typesOfKinds: {
        [EnvelopeKind.tell]: "desk.note@1",
        [EnvelopeKind.ask]: "desk.review@1",
        [EnvelopeKind.open]: "desk.scan@1",
      },
      correlations: [...this.#correlations, 1, 0],
    };
  }

  /** The node that speaks this round. */
  get peer(): string {
    return `p${this.#round}`;
  }

  /** The node in whose name comes what may spoil a link, so that the other's goes on. */
  get wildPeer(): string {
    return `w${this.#round}`;
  }

  /** New peers come, and those before are gone; something is asked of each, so that it can answer. */
  async beginRound(): Promise<void> {
    if (this.#round > 0) for (const name of [this.peer, this.wildPeer]) this.#member(name, "down");
    this.#round++;
    Object.assign(this.#linkSeqs, NONE);
    this.#correlations.length = 0;
    for (const name of [this.peer, this.wildPeer]) this.#member(name, "up");
    this.#server.answer = welcomeBytes({
      gateway: this.peer,
      incarnation: PEER_INCARNATION,
      reads: CLIENT_FEATURES,
    });
    await this.#client.greet();
    const hello = Buffer.from("9201b030303030303030303030303030303431", "hex");
    this.deliver("greeting", hello, "tame");
    this.deliver("greeting", hello, "wild");
    for (const system of [this.#system, this.#clientSystem]) {
      const ref = system.refOf(Desk, `${this.peer}/desk`);
      for (let n = 0; n < 4; n++) {
        ref.ask("review", n, { timeout: "1h" }).catch(() => {});
        const scan = ref.stream("scan", n, { timeout: "1h" });
        scan.result.catch(() => {});
        void consumed(scan);
      }
      this.#endings.push(system.watch(ref, () => {}));
    }
    if (this.#endings.length > 8) for (const end of this.#endings.splice(0, 2)) end();
    await this.rest();
  }

  /** The header of the next frame that a link takes, whichever door it comes through. */
  nextHeader(door: Door): readonly unknown[] {
    const seq = ++this.#linkSeqs[door];
    return [1, PEER_INCARNATION, seq, 0, seq, INCARNATION];
  }

  /** Brings a message to one of the doors. */
  deliver(door: Door, bytes: Uint8Array, manner: "tame" | "wild"): void {
    const peer = manner === "tame" ? this.peer : this.wildPeer;
    const client = `c-${peer}`;
    const reply = `_INBOX_${CLUSTER}.${client}.client.x`;
    switch (door) {
      case "node":
        this.#server.deliver({ subject: frameSubject(CLUSTER, NODE, peer), bytes });
        return;
      case "topic":
        this.#server.deliver({ subject: topicSubject(CLUSTER, "news", peer), bytes });
        return;
      case "greeting": {
        const subject = ingressSubject(CLUSTER, "client", client);
        this.#server.deliver({ subject, bytes, reply });
        return;
      }
      case "client": {
        const subject = pinnedIngressSubject(CLUSTER, "client", client, NODE);
        this.#server.deliver({ subject, bytes, reply });
        return;
      }
      case "gateway":
        this.#server.deliver({ subject: egressSubject(CLUSTER, CLIENT, this.peer), bytes });
        return;
      case "heartbeat":
        this.#server.deliver({ subject: heartbeatSubject(CLUSTER, peer), bytes });
        return;
    }
  }

  /** Time passes, and all that is due happens. */
  pass(ms: number): void {
    this.clock.advance(ms);
    this.#scheduler.run();
  }

  /** What waits for promises happens too. */
  async rest(): Promise<void> {
    await this.#scheduler.runAsync();
  }

  /** Whether a node, a client and a heartbeat that nothing is wrong with are still served. */
  async faultAfterwards(): Promise<string | undefined> {
    const asker = `ok${this.#round}`;
    this.#member(asker, "up");
    const askOf = (to: string, from: string): Envelope => ({
      kind: EnvelopeKind.ask,
      id: 1,
      to,
      from,
      correlation: 77,
      type: "desk.review@1",
      body: this.#round,
      ttlMs: 10_000,
    });
    const header = {
      incarnation: PEER_INCARNATION,
      linkSeq: 1,
      ackSeq: 0,
      baseSeq: 1,
      target: INCARNATION,
      resend: false,
    };
    const bytes = frameBytes(header, [askOf("desk", `${asker}/a`)]);
    this.#server.deliver({ subject: frameSubject(CLUSTER, NODE, asker), bytes });
    const reply = `_INBOX_${CLUSTER}.${asker}.client.x`;
    const hello = Buffer.from("9201b030303030303030303030303030303431", "hex");
    this.#server.deliver({
      subject: ingressSubject(CLUSTER, "client", asker),
      bytes: hello,
      reply,
    });
    this.#server.deliver({
      subject: pinnedIngressSubject(CLUSTER, "client", asker, NODE),
      bytes: frameBytes(header, [askOf(`${NODE}/desk`, `${asker}/`)]),
      reply,
    });
    const beat = { ...TRAITS, incarnation: PEER_INCARNATION, state: "up", lagMs: 0 } as const;
    this.#server.deliver({
      subject: heartbeatSubject(CLUSTER, asker),
      bytes: heartbeatBytes(beat),
    });
    await this.rest();
    for (const subject of [
      frameSubject(CLUSTER, asker, NODE),
      egressSubject(CLUSTER, asker, NODE),
    ]) {
      const answers = this.#answers.get(subject) ?? [];
      const isAnswered = answers.some(
        ({ kind, body }) => kind === EnvelopeKind.reply && body === this.#round,
      );
      if (!isAnswered) return `nothing came on ${subject}`;
    }
    if (!this.#membership.members().some(({ name }) => name === asker))
      return "a heartbeat was not heard";
    this.#answers.clear();
    this.#member(asker, "down");
    return undefined;
  }

  /** Ends all of it. */
  async end(): Promise<void> {
    this.#ingress.close();
    this.#client.close();
    this.#membership.close();
    this.#transport.close();
    const ending = Promise.all([
      this.#system.shutdown({ deadline: 1_000 }),
      this.#clientSystem.shutdown({ deadline: 1_000 }),
    ]);
    let over = false;
    void ending.then(() => {
      over = true;
    });
    while (!over) {
      this.pass(100);
      await this.rest();
    }
  }

  #member(name: string, phase: "up" | "down"): void {
    const identity = { name, incarnation: PEER_INCARNATION };
    const member: Member = { ...TRAITS, ...identity, phase, lagMs: 0, reads: ALL_FEATURES };
    this.#transport.memberChanged({ member, previous: phase === "up" ? undefined : "up" });
    this.#members.change(member);
  }

  #published(subject: string, bytes: Uint8Array): void {
    const frame = parseFrame(bytes);
    if (!frame.ok) return;
    for (const envelope of frame.value.envelopes) {
      if (envelope.kind === EnvelopeKind.ask || envelope.kind === EnvelopeKind.open) {
        this.#correlations.push(envelope.correlation);
        if (this.#correlations.length > NEWEST) this.#correlations.shift();
      }
      if (!subject.includes(".ok")) continue;
      const answers = this.#answers.get(subject) ?? [];
      answers.push(envelope);
      this.#answers.set(subject, answers);
    }
  }
}

async function consumed(stream: AsyncIterable<unknown>): Promise<void> {
  try {
    for await (const _ of stream);
  } catch {
    // However it ends: it is somebody else's to say so.
  }
}
