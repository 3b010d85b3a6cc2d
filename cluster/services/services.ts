/**
 * The actor types of a node as NATS services: `nats req` asks them in JSON, `nats micro` lists them.
 *
 * Owns: the subscriptions, the requests in hand, the answers. Who answers for a type is
 * `service-type.ts`, what is said of errors `service-answer.ts`, of services `discovery.ts`.
 *
 * V1: one subscription per type that has asks, in a queue group of its name, so that one node answers; three
 *     for discovery, however many types. Discovery tells of all types, those without asks too.
 * V2: requests in hand are bounded; past that they are refused as never run. Each has a deadline.
 * V3: an answer goes to inboxes of programs only. The subject that a request wants its answer on is not
 *     checked by the server, and this node may publish on frames: without this rule whoever may ask a
 *     service could have it send bytes in this node's name.
 * V4: what a stream or a consumer delivered is no request.
 */
import { type Msg, type NatsConnection, headers as newHeaders, type Subscription } from "nats";
import type { ActorRef, AnyActorRef } from "../../runtime/actor-ref.ts";
import { durationMs } from "../../runtime/duration.ts";
import type { Log } from "../../runtime/log.ts";
import { PacedLog } from "../../runtime/paced-log.ts";
import type { Clock } from "../../runtime/ports/clock.ts";
import type { NodeIdentity } from "../../runtime/ports/membership.ts";
import type { Protocol } from "../../runtime/protocol.ts";
import type { Registration } from "../../runtime/registration.ts";
import type { System } from "../../runtime/system.ts";
import { TroupeError } from "../../runtime/troupe-error.ts";
import { serviceSubjects, tokenOf } from "../wire/node-subject.ts";
import {
  answerOf,
  discoverySubjects,
  isAbout,
  questionOf,
  type ServiceFacts,
} from "./discovery.ts";
import type { Endpoint } from "./endpoint.ts";
import {
  answerBytes,
  ERROR_CODE_HEADER,
  ERROR_HEADER,
  notJson,
  requestIn,
  serviceError,
} from "./service-answer.ts";
import { KEY_HEADER, ServiceType, type Untyped } from "./service-type.ts";

const IN_HAND = 1_024;
const TIMEOUT_MS = 30_000;
/** Says how long an answer is waited for: milliseconds, or like `5s`. */
const TIMEOUT_HEADER = "Troupe-Timeout";

/** What {@link Services} are made of. */
export interface ServicesOptions {
  readonly connection: NatsConnection;
  readonly cluster: string;
  readonly self: NodeIdentity;
  readonly system: System;
  readonly clock: Clock;
  readonly log: Log;
  readonly standing: () => boolean;
}

/** What a service of a node did so far, by operation. */
export interface ServiceReport {
  /** The protocol, like `summariser@1`. */
  readonly type: string;
  /** Actors of this node that answer; 0 for a registered type, which is answered wherever it is. */
  readonly actors: number;
  readonly operations: Readonly<Record<string, OperationReport>>;
}

/** What one operation of a service did so far. */
export interface OperationReport {
  readonly requests: number;
  readonly errors: number;
  /** Empty while there was none. */
  readonly lastError: string;
  readonly averageMs: number;
}

/** The services of a node; see the file's header. */
export class Services {
  readonly #options: ServicesOptions;
  readonly #log: PacedLog;
  readonly #types = new Map<string, ServiceType>();
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #discovery: readonly Subscription[];
  readonly #startedAtMs: number;
  #inHand = 0;
  #isDraining: boolean = false;
  #dropped = 0;

  constructor(options: ServicesOptions) {
    this.#options = options;
    this.#log = new PacedLog(options.log, options.clock);
    this.#startedAtMs = options.clock.nowMs();
    this.#discovery = discoverySubjects.map((subject) =>
      options.connection.subscribe(subject, {
        callback: (error, message) => {
          if (error === null) this.#asked(message);
        },
      }),
    );
  }

  /** Requests that wait for their answer. */
  get inHand(): number {
    return this.#inHand;
  }

  /** Messages that were no requests, or wanted their answer where none may go. */
  get dropped(): number {
    return this.#dropped;
  }

  /** What the services did so far. */
  report(): readonly ServiceReport[] {
    return [...this.#types.values()].map((type) => ({
      type: type.protocol.name,
      actors: type.actors,
      operations: Object.fromEntries(
        [...type.endpoints.values()].map(({ operation, counts }) => {
          const { requests, errors, lastError, processingMs } = counts;
          const averageMs = requests === 0 ? 0 : processingMs / requests;
          return [operation, { requests, errors, lastError, averageMs }];
        }),
      ),
    }));
  }

  /** Offers what is registered; a spawnable actor is nobody's yet, and only listed. */
  register(registrations: Iterable<Registration>): void {
    const { system } = this.#options;
    for (const { kind, name, definition } of registrations) {
      const of = definition.protocol as Protocol<Untyped>;
      if (kind === "virtual") {
        this.#offer(of, (type) =>
          type.answeredBy((key) => (key === undefined ? undefined : system.actorOf(of, key, name))),
        );
      } else if (kind === "singleton") {
        this.#offer(of, (type) => type.answeredBy(() => system.singletonOf(of, name)));
      } else this.#offer(of, (type) => type.list());
    }
  }

  /** Offers the type of a top-level actor, as long as it lives. */
  add(ref: AnyActorRef): void {
    const untyped = ref as unknown as ActorRef<Untyped>;
    const type = this.#offer(untyped.protocol, (offered) => offered.add(untyped));
    this.#options.system.watch(ref, () => {
      type.remove(untyped);
      if (!type.isServed) this.#withdraw(type);
    });
  }

  /** Takes no further requests; those in hand are answered. */
  drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    if (this.#options.connection.isClosed()) return;
    for (const subscription of this.#subscriptions.values()) subscription.unsubscribe();
    for (const subscription of this.#discovery) subscription.unsubscribe();
    this.#subscriptions.clear();
  }

  /** The type of a protocol, told of another one who answers. */
  #offer(protocol: Protocol, tell: (type: ServiceType) => void): ServiceType {
    const { cluster, clock } = this.#options;
    let type = this.#types.get(protocol.name);
    if (type === undefined) {
      type = new ServiceType(protocol, cluster, clock);
      this.#types.set(protocol.name, type);
    }
    tell(type);
    this.#subscribe(type);
    return type;
  }

  #subscribe(type: ServiceType): void {
    const { connection, cluster } = this.#options;
    const { name } = type.protocol;
    if (this.#isDraining || this.#subscriptions.has(name)) return;
    if (!type.isServed || type.endpoints.size === 0) return;
    const byToken = new Map(
      [...type.endpoints.values()].map((endpoint) => [tokenOf(endpoint.operation), endpoint]),
    );
    const subscription = connection.subscribe(serviceSubjects(cluster, name), {
      queue: tokenOf(name),
      callback: (error, message) => {
        if (error !== null) return;
        const token = message.subject.slice(message.subject.lastIndexOf(".") + 1);
        this.#requested(type, byToken.get(token), message);
      },
    });
    this.#subscriptions.set(name, subscription);
  }

  #withdraw({ isListed, protocol: { name } }: ServiceType): void {
    if (!isListed) this.#types.delete(name);
    this.#subscriptions.get(name)?.unsubscribe();
    this.#subscriptions.delete(name);
  }

  #requested(type: ServiceType, endpoint: Endpoint | undefined, message: Msg): void {
    if (!this.#isRequest(message)) return;
    if (endpoint === undefined) {
      const known = [...type.endpoints.keys()].join(", ");
      const why = `${type.protocol.name} has no such ask; it has ${known}`;
      this.#fail(message, new TroupeError("actor.no-handler", why, { outcome: "never-ran" }));
      return;
    }
    const ended = endpoint.begin();
    if (this.#inHand >= IN_HAND) {
      const why = `this node answers ${IN_HAND} requests at a time`;
      ended(this.#fail(message, new TroupeError("mailbox.full", why, { outcome: "never-ran" })));
      return;
    }
    this.#inHand++;
    this.#answer(type, endpoint, message)
      .then(
        () => ended(),
        (error: unknown) => ended(this.#fail(message, error)),
      )
      .finally(() => {
        this.#inHand--;
      });
  }

  async #answer(type: ServiceType, { operation }: Endpoint, message: Msg): Promise<void> {
    const request = requestIn(message.data);
    if (!request.ok) throw notJson(request.error, "never-ran");
    const timeout = timeoutIn(message);
    const ref = type.chosen(message.headers?.get(KEY_HEADER) || undefined);
    const ask = ref.ask as (...args: unknown[]) => Promise<unknown>;
    const bytes = answerBytes(await ask.call(ref, operation, request.value, { timeout }));
    if (!bytes.ok) throw notJson(bytes.error, "unknown");
    const { max_payload: most } = this.#options.connection.info ?? {};
    if (most !== undefined && bytes.value.length > most) {
      const why = `the answer has ${bytes.value.length} bytes, and the server carries ${most}`;
      throw new TroupeError("payload.too-large", why, { outcome: "unknown" });
    }
    this.#respond(message, bytes.value);
  }

  /** Tells whoever asked of an error; returns the line that is counted as the last one. */
  #fail(message: Msg, error: unknown): string {
    const { code, description, body } = serviceError(error);
    const headers = newHeaders();
    headers.set(ERROR_HEADER, description);
    headers.set(ERROR_CODE_HEADER, String(code));
    this.#respond(message, body, headers);
    return `${code} ${description}`;
  }

  #respond(message: Msg, body: Uint8Array, headers?: ReturnType<typeof newHeaders>): void {
    const { connection, standing } = this.#options;
    if (connection.isClosed() || !standing()) return;
    message.respond(body, headers === undefined ? undefined : { headers });
  }

  /** A tool wants to know of the services. */
  #asked(message: Msg): void {
    const question = questionOf(message.subject);
    if (question === undefined || !this.#isRequest(message)) return;
    for (const type of this.#types.values()) {
      const facts = this.#factsOf(type);
      if (!isAbout(question, facts)) continue;
      const bytes = answerBytes(answerOf(question.verb, facts));
      if (bytes.ok) this.#respond(message, bytes.value);
    }
  }

  #factsOf({ protocol, endpoints, actors }: ServiceType): ServiceFacts {
    const { self, cluster } = this.#options;
    return {
      type: protocol.name,
      // Of the incarnation its last digits tell two lives of a node apart well enough for people.
      id: `${self.name}-${self.incarnation.replace(/^0+/, "")}`,
      queue: tokenOf(protocol.name),
      metadata: { cluster, node: self.name, actors: String(actors) },
      startedAtMs: this.#startedAtMs,
      endpoints: [...endpoints.values()],
    };
  }

  /** V3, V4. */
  #isRequest(message: Msg): boolean {
    if (!this.#options.standing()) return false;
    const why = this.#refusal(message);
    if (why === undefined) return true;
    this.#dropped++;
    this.#log.warn({ subject: message.subject, why }, "dropped what is no request");
    return false;
  }

  #refusal({ headers, reply }: Msg): string | undefined {
    if (headers?.has("Nats-Stream") === true || headers?.has("Nats-Subject") === true) {
      return "a stream answered with it";
    }
    if (reply === undefined || reply === "") return "it wants no answer";
    return isProgramInbox(reply, this.#options.cluster) ? undefined : `its answer is for ${reply}`;
  }
}

/** Whether only a program listens on a subject: below the inboxes of tools, or of this cluster's clients. */
export function isProgramInbox(subject: string, cluster: string): boolean {
  if (subject.startsWith("_INBOX.")) return true;
  const [root, name, purpose] = subject.split(".");
  return root === `_INBOX_${cluster}` && name !== undefined && purpose === "client";
}

/** How long the answer to a request is waited for. */
function timeoutIn({ headers }: Msg): number {
  const given = headers?.get(TIMEOUT_HEADER);
  if (given === undefined || given === "") return TIMEOUT_MS;
  try {
    return durationMs(/^\d+$/.test(given) ? Number(given) : (given as "1s"));
  } catch {
    const why = `${TIMEOUT_HEADER}: not a duration: ${JSON.stringify(given)} (like 500 or 5s)`;
    throw new TroupeError("ask.invalid", why, { outcome: "never-ran" });
  }
}
