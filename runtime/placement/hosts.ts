/**
 * Which nodes can have which virtual actors: what nodes tell one another of their registrations.
 *
 * Owns: the form of that in a member's metadata, and who is eligible. Whom the choice falls on is
 * `rendezvous.ts`.
 *
 * H1: a node is eligible for a type when it has registered it, has the role that the type asks for, and
 *     takes new work; where all lag, one that lags. H2: a suspected node keeps what it has, and gets nothing: suspicion passes more
 *     often than not, and must move nothing.
 */
import { type Member, takesNewWork } from "../ports/membership.ts";
import type { Registration } from "../registration.ts";
import { checkedPlacement, type Placement, roleIn } from "./placement.ts";

const KEY = "hosts";
/** The most that one value of a member's metadata may hold. */
const MOST_CHARACTERS = 256;

/** What a node's metadata says of the virtual actors and singletons that it can run. */
export function hostMetadata(
  registrations: Iterable<Registration>,
): Readonly<Record<string, string>> {
  const metadata: Record<string, string> = {};
  let entry = "";
  let number = 1;
  const write = (): void => {
    if (entry !== "") metadata[number === 1 ? KEY : `${KEY}.${number}`] = entry;
  };
  for (const each of registrations) {
    if (each.kind === "spawnable") continue;
    const text = each.placement === "spread" ? each.name : `${each.name}=${each.placement}`;
    if (entry.length + text.length + 1 > MOST_CHARACTERS) {
      write();
      number++;
      entry = "";
    }
    entry = entry === "" ? text : `${entry} ${text}`;
  }
  write();
  return metadata;
}

/** Whether a key of a member's metadata is one of those: programs may not use it for their own. */
export function isHostKey(key: string): boolean {
  return key === KEY || key.startsWith(`${KEY}.`);
}

/** The placements of the types that a member says it can run. */
export function hostedBy({ metadata }: Pick<Member, "metadata">): ReadonlyMap<string, Placement> {
  const hosted = new Map<string, Placement>();
  for (const [key, value] of Object.entries(metadata)) {
    if (!isHostKey(key)) continue;
    for (const text of value.split(" ")) {
      const at = text.indexOf("=");
      const placement = placementFrom(at < 0 ? "spread" : text.slice(at + 1));
      if (placement !== undefined) hosted.set(at < 0 ? text : text.slice(0, at), placement);
    }
  }
  return hosted;
}

/** The members that may be given a unit of a type (H1). */
export function eligible(
  members: readonly Member[],
  type: string,
  placement: Placement,
): readonly Member[] {
  const fitting = members.filter(
    (member) =>
      (member.phase === "up" || member.phase === "degraded") && fits(member, type, placement),
  );
  const willing = fitting.filter(({ phase }) => takesNewWork(phase));
  return willing.length > 0 ? willing : fitting;
}

/** The members that count in deciding who is to have a unit: those too that are only suspected (H2). */
export function counted(
  members: readonly Member[],
  type: string,
  placement: Placement,
): readonly Member[] {
  return members.filter(
    (member) =>
      member.phase !== "down" && member.phase !== "draining" && fits(member, type, placement),
  );
}

function fits(member: Member, type: string, placement: Placement): boolean {
  const role = roleIn(placement);
  if (role !== undefined && !member.roles.includes(role)) return false;
  return hostedBy(member).has(type);
}

function placementFrom(text: string): Placement | undefined {
  try {
    return checkedPlacement(text);
  } catch {
    return undefined;
  }
}
