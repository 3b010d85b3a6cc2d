/**
 * What NATS's tools are told of the services of a node: `nats micro ls`, `info` and `stats`.
 *
 * Owns: the forms of ADR-32, the names that it allows, and which question a subject asks. Asking and
 * answering is `services.ts`.
 *
 * D1: a service is an actor type on one node; its id names the node and its incarnation.
 *
 * Source: NATS ADR-32, "Service API".
 */
import type { EndpointCounts } from "./endpoint.ts";

/** An actor type as a service of this node. */
export interface ServiceFacts {
  /** The protocol, like `summariser@1`. */
  readonly type: string;
  readonly id: string;
  readonly queue: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly startedAtMs: number;
  readonly endpoints: readonly {
    readonly operation: string;
    readonly subject: string;
    readonly counts: EndpointCounts;
  }[];
}

/** Which of the three questions. */
export type Verb = "PING" | "INFO" | "STATS";

/** A question of a tool. */
export interface ServiceQuestion {
  readonly verb: Verb;
  /** Absent when all services are meant. */
  readonly name?: string;
  readonly id?: string;
}

const VERBS: readonly string[] = ["PING", "INFO", "STATS"];
const NS_PER_MS = 1_000_000;

/** The subjects on which tools ask: for all services, for those of a name, for one. */
export const discoverySubjects: readonly string[] = ["$SRV.*", "$SRV.*.*", "$SRV.*.*.*"];

/** The question that a subject asks; `undefined` when it is none. */
export function questionOf(subject: string): ServiceQuestion | undefined {
  const [root, verb = "", name, id, ...rest] = subject.split(".");
  if (root !== "$SRV" || !VERBS.includes(verb) || rest.length > 0) return undefined;
  return {
    verb: verb as Verb,
    ...(name === undefined ? {} : { name }),
    ...(id === undefined ? {} : { id }),
  };
}

/** The name of an actor type among services, where dots and `@` are not allowed. */
export function serviceName(type: string): string {
  return type.slice(0, type.lastIndexOf("@")).replaceAll(/[^A-Za-z0-9_-]/g, "-");
}

/** A protocol's version in three parts, as tools want it. */
export function serviceVersion(type: string): string {
  return `${type.slice(type.lastIndexOf("@") + 1)}.0.0`;
}

/** Whether a question is about a service. */
export function isAbout({ name, id }: ServiceQuestion, { type, id: own }: ServiceFacts): boolean {
  return (name === undefined || name === serviceName(type)) && (id === undefined || id === own);
}

/** What a service answers to a question, as JSON. */
export function answerOf(verb: Verb, facts: ServiceFacts): unknown {
  const { type, id, metadata, endpoints, queue, startedAtMs } = facts;
  const own = {
    name: serviceName(type),
    id,
    version: serviceVersion(type),
    metadata: { type, ...metadata },
  };
  switch (verb) {
    case "PING":
      return { type: "io.nats.micro.v1.ping_response", ...own };
    case "INFO":
      return {
        type: "io.nats.micro.v1.info_response",
        ...own,
        description: `the actors of ${type}`,
        endpoints: endpoints.map(({ operation, subject }) => ({
          name: endpointName(operation),
          subject,
          queue_group: queue,
          metadata: { operation },
        })),
      };
    case "STATS":
      return {
        type: "io.nats.micro.v1.stats_response",
        ...own,
        started: new Date(startedAtMs).toISOString(),
        endpoints: endpoints.map(({ operation, subject, counts }) => ({
          name: endpointName(operation),
          subject,
          queue_group: queue,
          num_requests: counts.requests,
          num_errors: counts.errors,
          last_error: counts.lastError,
          processing_time: Math.round(counts.processingMs * NS_PER_MS),
          average_processing_time:
            counts.requests === 0
              ? 0
              : Math.round((counts.processingMs * NS_PER_MS) / counts.requests),
        })),
      };
  }
}

/** Dots are not allowed in an endpoint's name either. */
function endpointName(operation: string): string {
  return operation.replaceAll(".", "-");
}
