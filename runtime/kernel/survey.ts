/**
 * What actors there are and how they are, for operators.
 *
 * Owns: reading cells. Nothing is kept for it: a question walks the tree, and whoever asks nothing pays
 * nothing but one field per failure.
 *
 * V1: reading changes nothing: no actor gets a path, a name or holdings by being looked at.
 * V2: a page is as the tree is now: between two pages actors may come and go, and be missed or seen twice.
 *
 * Cost: a page walks all actors before it, some 20 ns each.
 */
import { addressOf } from "../address.ts";
import { phaseNames } from "../lifecycle.ts";
import type { Cell } from "./cell.ts";
import { Flag } from "./cell-word.ts";
import type { LastFailure } from "./holdings.ts";

/** An actor as operators see it. */
export interface ActorReport {
  readonly address: string;
  /** The protocol that it speaks, `name@version`. */
  readonly protocol: string;
  /** `starting`, `running`, `failed`, `restarting`, `waiting`, `draining`, `stopping` or `stopped`. */
  readonly phase: string;
  /** How often it was started. */
  readonly generation: number;
  /** Messages that wait. */
  readonly queued: number;
  /** Of how many messages there is room for. */
  readonly capacity: number;
  /** Messages put aside. */
  readonly stashed: number;
  /** Handlers, hooks and starts that are awaited. */
  readonly busy: number;
  readonly children: number;
  /** Restarts that count against its intensity now. */
  readonly restarts: number;
  readonly restart: string;
  readonly capability?: string;
  readonly lastFailure?: LastFailure;
}

/** An actor with its children, the first hundred of them. */
export interface ActorFamily {
  readonly actor: ActorReport;
  readonly children: readonly ActorReport[];
}

/** Which actors are wanted. */
export interface ActorsQuery {
  /** How many to pass over; default 0. */
  readonly from?: number;
  /** How many at most; default 100, at most 1,000. */
  readonly limit?: number;
}

/** Some of a node's actors, parents before their children. */
export interface ActorsPage {
  readonly actors: readonly ActorReport[];
  /** Where the next page begins; absent on the last. */
  readonly next?: number;
}

const PAGE = 100;
const LARGEST_PAGE = 1_000;

/** How many actors there are below `root`. */
export function countBelow(root: Cell): number {
  let count = 0;
  for (let cell = following(root, root); cell !== undefined; cell = following(cell, root)) count++;
  return count;
}

/** A page of the actors below `root`. */
export function actorsBelow(root: Cell, { from = 0, limit = PAGE }: ActorsQuery): ActorsPage {
  const most = Math.min(limit, LARGEST_PAGE);
  const actors: ActorReport[] = [];
  let at = 0;
  for (let cell = following(root, root); cell !== undefined; cell = following(cell, root)) {
    if (at++ < from) continue;
    if (actors.length >= most) return { actors, next: at - 1 };
    actors.push(reportOn(cell));
  }
  return { actors };
}

/** The actor at a path, by its name or by the one that the runtime gave it, and its first children. */
export function actorAt(root: Cell, path: string): ActorFamily | undefined {
  let cell: Cell | undefined = root;
  for (const name of path.split("/")) {
    cell = childOf(cell, name);
    if (cell === undefined) return undefined;
  }
  const children: readonly Cell[] = cell.ownHoldings?.children?.list() ?? [];
  return { actor: reportOn(cell), children: children.slice(0, PAGE).map(reportOn) };
}

function childOf(cell: Cell, name: string): Cell | undefined {
  const children = cell.ownHoldings?.children;
  // One whose name nobody has asked for yet is in no list of names.
  return children?.find(name) ?? children?.list().find((child) => child.name === name);
}

function reportOn(cell: Cell): ActorReport {
  const { behavior, generation, kernel, mailbox, options, ownHoldings: holdings } = cell;
  const { capability } = behavior.definition.options;
  const { lastFailure } = holdings ?? {};
  const isFirstInHand = (cell.word & Flag.firstInHand) !== 0;
  return {
    address: addressOf(kernel.node, pathTo(cell)),
    protocol: behavior.definition.protocol.name,
    phase: phaseNames[cell.phase] ?? "unknown",
    generation,
    queued: mailbox?.length ?? (cell.first === undefined || isFirstInHand ? 0 : 1),
    capacity: options.capacity,
    stashed: holdings?.stash?.length ?? 0,
    busy: cell.busy,
    children: holdings?.children?.size ?? 0,
    restarts: holdings?.restarts.length ?? 0,
    restart: options.restart,
    ...(capability === undefined ? {} : { capability }),
    ...(lastFailure === undefined ? {} : { lastFailure }),
  };
}

/** The actor after `cell`, parents first; `undefined` after the last. */
function following(cell: Cell, root: Cell): Cell | undefined {
  const child = cell.ownHoldings?.children?.first;
  if (child !== undefined) return child;
  for (let up: Cell | undefined = cell; up !== undefined && up !== root; up = up.parent) {
    if (up.younger !== undefined) return up.younger;
  }
  return undefined;
}

/** Its path, which is made here and not kept (V1). */
function pathTo(cell: Cell): string {
  const above = cell.parent;
  if (above === undefined || above.parent === undefined) return cell.name;
  return `${pathTo(above)}/${cell.name}`;
}
