/**
 * The transport of a program that is no node: one link, to a gateway, for all its messages.
 *
 * Owns: finding a gateway, the link to it, and finding another when it is gone. Its neighbour
 * `ingress.ts` is the gateway's end.
 *
 * T1: all messages of a client go through one gateway at a time, so that they stay in order and a
 *     stream's credit reaches the node that opened it.
 * T2: no gateway is an error at once, not a wait: the server says that nobody listens. One that is silent
 *     may be blocked: after 2 s another is tried, twice; so it is when one has no room.
 * T3: when the gateway is gone, what awaits an answer is told so, and the next message looks for
 *     another one. A ping each second finds that out for those who only wait.
 *
 * On the link an envelope's destination is a full address, and so is an answer's sender.
 */
import { type Msg, type NatsConnection, TimeoutError } from "nats";
import { addressOf, nodeOf, pathOf } from "../../runtime/address.ts";
import type { Log } from "../../runtime/log.ts";
import { PacedLog } from "../../runtime/paced-log.ts";
import type { Cancel, Clock } from "../../runtime/ports/clock.ts";
import type { Scheduler } from "../../runtime/ports/scheduler.ts";
import type { Transport, TransportSink } from "../../runtime/ports/transport.ts";
import type { Envelope } from "../../runtime/remote/envelope.ts";
import { messageOf, TroupeError } from "../../runtime/troupe-error.ts";
import { forgeryIn } from "../security/forgery.ts";
import { refusalIn, refusedError } from "../security/refusal-log.ts";
import { parseFrame } from "../wire/frame.ts";
import { Link, type LinkClaims } from "../wire/link.ts";
import { LinkParts } from "../wire/link-parts.ts";
import {
  egressSubject,
  type IngressRole,
  ingressSubject,
  pinnedIngressSubject,
  senderOf,
} from "../wire/node-subject.ts";
import type { Welcome } from "./client-hello.ts";
import { helloBytes, parseRefusal, parseWelcome } from "./client-hello.ts";

const HELLO_MS = 2_000;
const HELLO_TRIES = 3;
const SWEEP_MS = 250;
const PING_MS = 1_000;

/** What a {@link ClientTransport} is made of. */
export interface ClientTransportOptions {
  readonly connection: NatsConnection;
  /** A subject prefix on which only this client listens. */
  readonly inbox: string;
  readonly cluster: string;
  readonly role: IngressRole;
  readonly name: string;
  readonly incarnation: string;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly log: Log;
  /** What of the wire this client reads beyond the first release. */
  readonly reads: readonly string[];
  /** The size of the largest body, in bytes. */
  readonly mostBytes: number;
}

type Gateway =
  | { readonly phase: "none" }
  | { readonly phase: "seeking" }
  | { readonly phase: "found"; readonly name: string };

/** A client's transport; see the file's header. */
export class ClientTransport implements Transport {
  readonly node: string;
  readonly findsVirtual = true;
  readonly mostBodyBytes: number;
  /** What was dropped: what the server was made to deliver in a gateway's name, and what is no frame. */
  readonly counts: { forged: number; undecodable: number } = { forged: 0, undecodable: 0 };
  readonly #options: ClientTransportOptions;
  readonly #log: PacedLog;
  #gateway: Gateway = { phase: "none" };
  #link: Link | undefined;
  #sink: TransportSink | undefined;
  /** The nodes that may owe an answer. */
  readonly #spokenTo = new Set<string>();
  #pingedAtMs = 0;
  #connected: boolean = true;
  #closed: boolean = false;
  #cancelSweep: Cancel;

  constructor(options: ClientTransportOptions) {
    this.#options = options;
    this.#log = new PacedLog(options.log, options.clock);
    this.node = options.name;
    this.mostBodyBytes = options.mostBytes;
    const { connection, cluster, name, inbox, clock } = options;
    connection.subscribe(egressSubject(cluster, name, "*"), {
      callback: (error, message) => {
        if (error === null) this.#receive(message);
      },
    });
    // The server answers here when a gateway no longer listens, a gateway when it knows of no session.
    connection.subscribe(`${inbox}.refused`, { callback: () => this.#gatewayLost() });
    this.#cancelSweep = clock.after(SWEEP_MS, this.#sweep);
  }

  /**
   * Finds a gateway.
   *
   * @throws {TroupeError} `node.down` when the cluster has none, `nats.refused` when this program may not
   *   speak to one
   */
  async greet(): Promise<void> {
    const { cluster, role, name } = this.#options;
    this.#gateway = { phase: "seeking" };
    try {
      const answer = await this.#answerToHello();
      const welcome = parseWelcome(answer.data);
      if (!welcome.ok) throw new Error(welcome.error);
      this.#welcomed(welcome.value);
    } catch (cause) {
      this.#gateway = { phase: "none" };
      this.#link?.close();
      this.#link = undefined;
      const refusal = refusalIn(cause);
      if (refusal !== undefined) throw refusedError(`${role} ${name} cannot greet`, refusal);
      const why =
        cause instanceof Refused
          ? `no gateway of cluster ${cluster} takes ${role} ${name}: ${cause.message}`
          : `no gateway answers in cluster ${cluster}: no node of it is up whose ingress is open`;
      throw new TroupeError("node.down", why, { cause, outcome: "never-ran" });
    }
  }

  async #answerToHello(): Promise<Msg> {
    const { connection, cluster, role, name, incarnation, reads } = this.#options;
    const subject = ingressSubject(cluster, role, name);
    const hello = helloBytes({ incarnation, reads });
    for (let tried = 1; ; tried++) {
      try {
        const answer = await connection.request(subject, hello, { timeout: HELLO_MS });
        const refusal = parseRefusal(answer.data);
        if (!refusal.ok) return answer;
        throw new Refused(refusal.value);
      } catch (thrown) {
        const mayPass = thrown instanceof TimeoutError || thrown instanceof Refused;
        if (tried >= HELLO_TRIES || !mayPass) throw thrown;
      }
    }
  }

  /** The gateway that it speaks with. */
  get gateway(): string | undefined {
    return this.#gateway.phase === "found" ? this.#gateway.name : undefined;
  }

  attach(sink: TransportSink): void {
    this.#sink = sink;
  }

  send(to: string, envelope: Envelope): boolean {
    if (this.#closed) return false;
    this.#spokenTo.add(to);
    const sent = this.#anyLink().send({ ...envelope, to: addressOf(to, envelope.to) });
    if (this.#gateway.phase === "none") {
      this.greet().catch((error: unknown) =>
        this.#log.warn({ error: messageOf(error) }, "no gateway"),
      );
    }
    return sent;
  }

  /** Clients do not publish. */
  publish(): boolean {
    return false;
  }

  subscribe(): void {
    throw new TypeError("a client cannot subscribe to topics; use a node");
  }

  unsubscribe(): void {}

  disconnected(): void {
    this.#connected = false;
  }

  reconnected(): void {
    this.#connected = true;
    this.#link?.resumed();
  }

  /** Resolves when the gateway has all that was sent, or after `deadlineMs`. */
  async settle(deadlineMs: number): Promise<void> {
    const { clock } = this.#options;
    const untilMs = clock.monotonicMs() + deadlineMs;
    while (this.#link?.settled === false && clock.monotonicMs() < untilMs) {
      this.#link.flush();
      await new Promise<void>((resolve) => clock.after(10, resolve));
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelSweep();
    this.#link?.close();
  }

  readonly #sweep = (): void => {
    if (this.#closed) return;
    this.#link?.sweep();
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#gateway.phase === "found" && nowMs - this.#pingedAtMs >= PING_MS) {
      this.#pingedAtMs = nowMs;
      this.#link?.ping();
    }
    if (this.#link?.stalled === true) this.#gatewayLost();
    this.#cancelSweep = this.#options.clock.after(SWEEP_MS, this.#sweep);
  };

  #anyLink(): Link {
    this.#link ??= this.#newLink();
    return this.#link;
  }

  #newLink(): Link {
    const { connection, cluster, role, name, incarnation, clock, scheduler, inbox } = this.#options;
    return new Link(
      {
        clock,
        scheduler,
        incarnation,
        connected: () => this.#connected && !connection.isClosed(),
        publish: (bytes) => {
          if (this.#gateway.phase !== "found") return;
          const subject = pinnedIngressSubject(cluster, role, name, this.#gateway.name);
          connection.publish(subject, bytes, { reply: `${inbox}.refused` });
        },
        deliver: (envelope) => this.#sink?.received(nodeOf(envelope.from), envelope),
        handBack: (envelope, reason) =>
          this.#sink?.undelivered(
            nodeOf(envelope.to),
            { ...envelope, to: pathOf(envelope.to) },
            reason,
          ),
        lost: () => this.#tellLost(),
        claims: this.#claims(),
      },
      undefined,
    );
  }

  #claims(): LinkClaims {
    const { clock, mostBytes } = this.#options;
    return {
      store: new LinkParts({ clock, mostBytes, budget: { leftBytes: 2 * mostBytes } }),
      unreadable: (envelope, why) => this.#sink?.unreadable(nodeOf(envelope.from), envelope, why),
      failed: (why) => this.#log.warn({ why }, "a large body was not sent"),
    };
  }

  #welcomed({ gateway, incarnation, reads }: Welcome): void {
    this.#gateway = { phase: "found", name: gateway };
    this.#anyLink().joined(incarnation, reads);
  }

  #receive(message: Msg): void {
    if (this.#closed) return;
    const { cluster, name } = this.#options;
    const forgery = forgeryIn(message, egressSubject(cluster, name, "*"));
    if (forgery !== undefined) {
      this.counts.forged++;
      this.#log.warn({ subject: message.subject, forgery }, "dropped what no gateway has sent");
      return;
    }
    if (this.#gateway.phase !== "found" || senderOf(message.subject) !== this.#gateway.name) return;
    const frame = parseFrame(message.data);
    if (frame.ok) this.#link?.receive(frame.value, message.data.length);
    else {
      this.counts.undecodable++;
      this.#log.warn({ fault: frame.error }, "dropped what cannot be decoded");
    }
  }

  #gatewayLost(): void {
    if (this.#gateway.phase !== "found") return;
    this.#log.warn({ gateway: this.#gateway.name }, "the gateway is gone");
    this.#gateway = { phase: "none" };
    const link = this.#link;
    this.#link = undefined;
    link?.close();
    this.#tellLost();
  }

  #tellLost(): void {
    const owing = [...this.#spokenTo];
    this.#spokenTo.clear();
    for (const node of owing) this.#sink?.lost(node);
  }
}

/** A gateway that takes no more. */
class Refused extends Error {}
