/**
 * The subjects of durable tasks and of their dead letters. Its neighbour `node-subject.ts` owns those on
 * which nodes speak.
 *
 * `troupe.v1.<cluster>.q.<capability>.<priority>` and `troupe.v1.<cluster>.dlq.<capability>`, where the
 * capability is one token: what is not a letter, a digit, `_` or `-` becomes `=` and two hexadecimal
 * digits per byte. `summarise@1` is `summarise=401`; the same token names consumers, where `@` and `.`
 * would be refused.
 */
import type { Priority } from "../../runtime/ports/durable-queue.ts";

const ROOT = "troupe.v1";

/** The queue of a capability and priority. */
export function taskSubject(cluster: string, capability: string, priority: Priority): string {
  return `${ROOT}.${cluster}.q.${capabilityToken(capability)}.${priority}`;
}

/** All queues of a cluster. */
export function taskSubjects(cluster: string): string {
  return `${ROOT}.${cluster}.q.>`;
}

/** The dead letters of a capability. */
export function deadLetterSubject(cluster: string, capability: string): string {
  return `${ROOT}.${cluster}.dlq.${capabilityToken(capability)}`;
}

/** All dead letters of a cluster. */
export function deadLetterSubjects(cluster: string): string {
  return `${ROOT}.${cluster}.dlq.>`;
}

/** A capability as one token of a subject. */
export function capabilityToken(capability: string): string {
  return capability.replace(/[^A-Za-z0-9_-]/gu, (character) => {
    let token = "";
    for (const byte of Buffer.from(character)) token += `=${byte.toString(16).padStart(2, "0")}`;
    return token;
  });
}
