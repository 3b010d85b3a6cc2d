/**
 * The gateway's end of the ingress: it takes what programs that are no nodes send, and answers them.
 *
 * Owns: the clients' sessions and their number. Its neighbour `ingress-session.ts` owns what one
 * client has under way, `client-transport.ts` the other end.
 *
 * G1: a client is greeted by one gateway of all (a queue group) and stays with it.
 * G2: sessions are bounded; one that is idle, or whose client no longer acknowledges, ends and takes
 *     all that it has under way with it.
 */
import type { Msg, NatsConnection, Subscription } from "nats";
import type { Log } from "../../runtime/log.ts";
import type { Cancel, Clock } from "../../runtime/ports/clock.ts";
import type { NodeIdentity } from "../../runtime/ports/membership.ts";
import type { Scheduler } from "../../runtime/ports/scheduler.ts";
import type { System } from "../../runtime/system.ts";
import { parseFrame } from "../wire/frame.ts";
import { clientOf, egressSubject, ingressOf, pinnedIngressOf } from "../wire/node-subject.ts";
import { parseHello, welcomeBytes } from "./client-hello.ts";
import { IngressSession } from "./ingress-session.ts";

const QUEUE = "gateway";
const SESSIONS = 4_096;
const SWEEP_MS = 250;
const IDLE_MS = 60_000;

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
}

/** The ingress of a gateway; see the file's header. */
export class Ingress {
  readonly #options: IngressOptions;
  readonly #sessions = new Map<string, IngressSession>();
  #greetings: Subscription | undefined;
  readonly #frames: Subscription;
  #connected: boolean = true;
  #closed: boolean = false;
  #cancelSweep: Cancel;

  constructor(options: IngressOptions) {
    this.#options = options;
    const { connection, cluster, self, clock } = options;
    this.#greetings = this.#listenForGreetings();
    this.#frames = connection.subscribe(pinnedIngressOf(cluster, self.name), {
      callback: (error, message) => {
        if (error === null) this.#receive(message);
      },
    });
    this.#cancelSweep = clock.after(SWEEP_MS, this.#sweep);
  }

  disconnected(): void {
    this.#connected = false;
  }

  reconnected(): void {
    this.#connected = true;
    for (const session of this.#sessions.values()) session.link.resumed();
  }

  /** Takes new clients again. */
  open(): void {
    if (!this.#closed) this.#greetings ??= this.#listenForGreetings();
  }

  /** Takes no new clients; the present ones are served on. */
  drain(): void {
    if (!this.#options.connection.isClosed()) this.#greetings?.unsubscribe();
    this.#greetings = undefined;
  }

  /** Ends every session. The connection is its owner's. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelSweep();
    this.drain();
    if (!this.#options.connection.isClosed()) this.#frames.unsubscribe();
    for (const session of this.#sessions.values()) session.close();
    this.#sessions.clear();
  }

  #listenForGreetings(): Subscription {
    const { connection, cluster } = this.#options;
    return connection.subscribe(ingressOf(cluster), {
      queue: QUEUE,
      callback: (error, message) => {
        if (error === null) this.#greet(message);
      },
    });
  }

  #greet(message: Msg): void {
    const { self, standing, log } = this.#options;
    if (this.#closed || !standing() || message.headers !== undefined) return;
    const hello = parseHello(message.data);
    const client = clientOf(message.subject);
    if (!hello.ok || this.#sessions.size >= SESSIONS) {
      log.warn({ client, fault: hello.ok ? "too many clients" : hello.error }, "refused a client");
      return;
    }
    this.#sessions.get(client)?.close();
    this.#sessions.set(client, this.#newSession(client, hello.value));
    message.respond(welcomeBytes({ gateway: self.name, incarnation: self.incarnation }));
  }

  #newSession(client: string, incarnation: string): IngressSession {
    const { connection, cluster, self, system, clock, scheduler } = this.#options;
    const subject = egressSubject(cluster, client, self.name);
    return new IngressSession({
      system,
      clock,
      scheduler,
      incarnation: self.incarnation,
      clientIncarnation: incarnation,
      connected: () => this.#connected && !connection.isClosed(),
      publish: (bytes) => connection.publish(subject, bytes),
    });
  }

  #receive(message: Msg): void {
    if (this.#closed || !this.#options.standing() || message.headers !== undefined) return;
    const client = clientOf(message.subject);
    const session = this.#sessions.get(client);
    const frame = parseFrame(message.data);
    if (!frame.ok) {
      this.#options.log.warn({ client, fault: frame.error }, "dropped a client's frame");
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
    for (const [client, session] of this.#sessions) {
      session.link.sweep();
      if (session.link.stalled || session.idleMs() > IDLE_MS) {
        this.#sessions.delete(client);
        session.close();
      }
    }
    this.#cancelSweep = this.#options.clock.after(SWEEP_MS, this.#sweep);
  };
}
