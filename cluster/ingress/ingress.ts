/**
 * The gateway's end of the ingress: it takes what programs that are no nodes send, and answers them.
 *
 * Owns: the clients' sessions and their number. Its neighbour `ingress-session.ts` owns what one
 * client has under way, `client-transport.ts` the other end.
 *
 * G1: a client is greeted by one gateway of all (a queue group) and stays with it.
 * G2: what a client may do goes by the subject it speaks on, for which the server vouches: only
 *     operators may publish on `op`.
 * G3: a client is answered below its own inbox and nowhere else: a reply-to is its sender's choice,
 *     and this node may publish where its sender may not.
 * G4: sessions, and the bytes of large bodies that all of them are sending, are bounded; one that is
 *     idle, or whose client no longer acknowledges, ends and takes all that it has under way with it.
 */
import type { Msg, NatsConnection, Subscription } from "nats";
import type { Log } from "../../runtime/log.ts";
import { PacedLog } from "../../runtime/paced-log.ts";
import type { Cancel, Clock } from "../../runtime/ports/clock.ts";
import type { NodeIdentity } from "../../runtime/ports/membership.ts";
import type { Scheduler } from "../../runtime/ports/scheduler.ts";
import type { System } from "../../runtime/system.ts";
import { inboxesOf } from "../connections.ts";
import { parseFrame } from "../wire/frame.ts";
import { LinkParts, type PartsBudget } from "../wire/link-parts.ts";
import {
  clientOf,
  egressSubject,
  type IngressRole,
  ingressOf,
  pinnedIngressOf,
} from "../wire/node-subject.ts";
import { type Hello, parseHello, refusalBytes, welcomeBytes } from "./client-hello.ts";
import { IngressSession } from "./ingress-session.ts";

const QUEUE = "gateway";
const ROLES: readonly IngressRole[] = ["client", "operator"];
const SESSIONS = 4_096;
const SWEEP_MS = 250;
const IDLE_MS = 60_000;
const PARTS_BYTES = 256 * 1024 * 1024;

/** What an {@link Ingress} is made of. */
export interface IngressOptions {
  readonly connection: NatsConnection;
  readonly cluster: string;
  readonly self: NodeIdentity;
  readonly system: System;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly log: Log;
  readonly standing: () => boolean;
  /** What of the wire this gateway reads beyond the first release. */
  readonly reads: readonly string[];
  /** The size of the largest body, in bytes. */
  readonly mostBytes: number;
}

/** The ingress of a gateway; see the file's header. */
export class Ingress {
  readonly #options: IngressOptions;
  readonly #log: PacedLog;
  /** What was dropped: what the server was made to deliver in a client's name. */
  readonly counts: { forged: number } = { forged: 0 };
  readonly #sessions = new Map<string, IngressSession>();
  /** What all sessions together may be putting together. */
  readonly #budget: PartsBudget = { leftBytes: PARTS_BYTES };
  #greetings: readonly Subscription[] = [];
  readonly #frames: readonly Subscription[];
  #connected: boolean = true;
  #closed: boolean = false;
  #cancelSweep: Cancel;

  constructor(options: IngressOptions) {
    this.#options = options;
    this.#log = new PacedLog(options.log, options.clock);
    const { connection, cluster, self, clock } = options;
    this.#greetings = this.#listenForGreetings();
    this.#frames = ROLES.map((role) =>
      connection.subscribe(pinnedIngressOf(cluster, role, self.name), {
        callback: (error, message) => {
          if (error === null) this.#receive(role, message);
        },
      }),
    );
    this.#cancelSweep = clock.after(SWEEP_MS, this.#sweep);
  }

  disconnected(): void {
    this.#connected = false;
  }

  reconnected(): void {
    this.#connected = true;
    for (const session of this.#sessions.values()) session.link.resumed();
  }

  /** How many clients have a session here. */
  get clients(): number {
    return this.#sessions.size;
  }

  /** Streams that clients read now. */
  get streams(): number {
    let streams = 0;
    for (const session of this.#sessions.values()) streams += session.streams;
    return streams;
  }

  /** Takes new clients again. */
  open(): void {
    if (!this.#closed && this.#greetings.length === 0) this.#greetings = this.#listenForGreetings();
  }

  /** Takes no new clients; the present ones are served on. */
  drain(): void {
    if (!this.#options.connection.isClosed())
      for (const greetings of this.#greetings) greetings.unsubscribe();
    this.#greetings = [];
  }

  /** Ends every session. The connection is its owner's. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelSweep();
    this.drain();
    if (!this.#options.connection.isClosed())
      for (const frames of this.#frames) frames.unsubscribe();
    for (const session of this.#sessions.values()) session.close();
    this.#sessions.clear();
  }

  #listenForGreetings(): readonly Subscription[] {
    const { connection, cluster } = this.#options;
    return ROLES.map((role) =>
      connection.subscribe(ingressOf(cluster, role), {
        queue: QUEUE,
        callback: (error, message) => {
          if (error === null) this.#greet(role, message);
        },
      }),
    );
  }

  #greet(role: IngressRole, message: Msg): void {
    const { self, standing } = this.#options;
    if (this.#closed || !standing() || this.#isForged(message)) return;
    const hello = parseHello(message.data);
    const client = clientOf(message.subject);
    const key = sessionKey(role, client);
    let fault = hello.ok ? undefined : hello.error;
    if (this.#sessions.size >= SESSIONS && !this.#sessions.has(key))
      fault = `it has ${SESSIONS} clients, and takes no more`;
    if (!hello.ok || fault !== undefined) {
      this.#log.warn({ client, role, fault }, "refused a client");
      message.respond(refusalBytes(`gateway ${self.name}: ${fault}`));
      return;
    }
    this.#sessions.get(key)?.close();
    this.#sessions.set(key, this.#newSession(role, client, hello.value));
    const { reads } = this.#options;
    message.respond(welcomeBytes({ gateway: self.name, incarnation: self.incarnation, reads }));
  }

  #newSession(role: IngressRole, client: string, hello: Hello): IngressSession {
    const { connection, cluster, self, system, clock, scheduler } = this.#options;
    const { reads, mostBytes } = this.#options;
    const subject = egressSubject(cluster, client, self.name);
    return new IngressSession({
      role,
      system,
      clock,
      scheduler,
      incarnation: self.incarnation,
      hello,
      claims: reads.includes("parts")
        ? {
            store: new LinkParts({ clock, mostBytes, budget: this.#budget }),
            failed: (why) => this.#log.warn({ client, why }, "a large answer was not sent"),
          }
        : undefined,
      connected: () => this.#connected && !connection.isClosed(),
      publish: (bytes) => connection.publish(subject, bytes),
    });
  }

  #receive(role: IngressRole, message: Msg): void {
    if (this.#closed || !this.#options.standing() || this.#isForged(message)) return;
    const client = clientOf(message.subject);
    const session = this.#sessions.get(sessionKey(role, client));
    const frame = parseFrame(message.data);
    if (!frame.ok) {
      this.#log.warn({ client, fault: frame.error }, "dropped a client's frame");
      return;
    }
    if (session === undefined) {
      // It met this gateway's predecessor, or was away for too long: it must say hello again.
      message.respond();
      return;
    }
    session.touch();
    session.link.receive(frame.value, message.data.length);
  }

  readonly #sweep = (): void => {
    if (this.#closed) return;
    for (const [key, session] of this.#sessions) {
      session.link.sweep();
      if (session.link.stalled || session.idleMs() > IDLE_MS) {
        this.#sessions.delete(key);
        session.close();
      }
    }
    this.#cancelSweep = this.#options.clock.after(SWEEP_MS, this.#sweep);
  };

  /** G3: a client sends no headers; what a server was made to deliver bears them, or no reply-to of the client's. */
  #isForged(message: Msg): boolean {
    const isOwn =
      message.headers === undefined && this.#isOwnInbox(clientOf(message.subject), message);
    if (isOwn) return false;
    this.counts.forged++;
    const { subject } = message;
    this.#log.warn({ subject }, "dropped what no client has sent");
    return true;
  }

  #isOwnInbox(client: string, { reply = "" }: Msg): boolean {
    return reply.startsWith(`${inboxesOf({ cluster: this.#options.cluster, name: client })}.`);
  }
}

/** An operator and a client may bear the same name where no server keeps them apart. */
function sessionKey(role: IngressRole, client: string): string {
  return `${role} ${client}`;
}
