/**
 * Whether a message was published by the sender that its subject names.
 *
 * Owns: the ways, known by experiment, in which a server can be made to deliver chosen bytes in
 * somebody's name; permissions do not stop them, since the server itself is the one that delivers.
 *
 * Y1: a stream's direct answer goes to the reply-to of whoever asked; it carries headers, and a node's
 *     own frames, heartbeats and topics carry none.
 * Y2: a consumer delivers stored messages to the subject that it was made with; they keep the subject
 *     that they were stored under, and carry a reply-to for their acknowledgement. A node's own carry
 *     none, and come under the subject that was subscribed.
 * Y3: what else answers to a reply-to, the API or a service, answers in JSON, which is no frame.
 *
 * Cost: three comparisons a message.
 */
import type { Msg } from "nats";

/**
 * Why a message cannot be a plain publish on a subject that `heard` matches.
 *
 * @param heard - what was subscribed: fixed tokens, then `*` for the sender
 * @returns `undefined` when it may be one
 */
export function forgeryIn(
  { subject, reply, headers }: Pick<Msg, "subject" | "reply" | "headers">,
  heard: string,
): string | undefined {
  if (headers !== undefined) return "it carries headers, as a stream's answer does";
  if (reply !== undefined && reply !== "") return "it asks for an answer, as a consumer's does";
  const fixed = heard.length - 1;
  const isHeard = subject.length > fixed && subject.startsWith(heard.slice(0, fixed));
  return isHeard && subject.indexOf(".", fixed) < 0
    ? undefined
    : "it was stored under another subject";
}
