/**
 * The supervisors of a history and their children, as they were declared.
 *
 * Owns: who supervises whom, in which order, in which life. A supervisor that starts anew has new children,
 * so what is remembered of the old ones is forgotten.
 */
import type { RecordOf } from "./record.ts";
import { lifeName, type Stamp, writerOf } from "./record.ts";

/** A declared child, with what a check remembers of it. */
export interface DeclaredChild<M> {
  readonly path: string;
  /** In start order, from 0. */
  readonly index: number;
  readonly restart: "permanent" | "transient" | "temporary";
  readonly supervisor: DeclaredSupervisor<M>;
  memory: M;
}

/** A declared supervisor. */
export interface DeclaredSupervisor<M> {
  readonly declared: RecordOf<"supervisor.declared">;
  /** In start order. */
  readonly children: readonly DeclaredChild<M>[];
}

/** See the file's header. */
export class DeclaredSupervisors<M> {
  readonly #fresh: () => M;
  readonly #lives = new Map<
    string,
    { of: Map<string, DeclaredSupervisor<M>>; child: Map<string, DeclaredChild<M>> }
  >();

  /** @param fresh - what is remembered of a child at first */
  constructor(fresh: () => M) {
    this.#fresh = fresh;
  }

  declare(declared: RecordOf<"supervisor.declared">): void {
    const writer = writerOf(declared);
    const life = this.#lives.get(writer) ?? { of: new Map(), child: new Map() };
    this.#lives.set(writer, life);
    const children: DeclaredChild<M>[] = [];
    const supervisor: DeclaredSupervisor<M> = { declared, children };
    for (const [index, { path, restart }] of declared.children.entries()) {
      const child = { path, index, restart, supervisor, memory: this.#fresh() };
      children.push(child);
      life.child.set(path, child);
    }
    life.of.set(declared.path, supervisor);
  }

  /** The declared child at the path that a record of its life names. */
  child(record: Stamp & { readonly path: string }): DeclaredChild<M> | undefined {
    return this.#lives.get(writerOf(record))?.child.get(record.path);
  }

  /** The supervisor that a record names has begun anew, has failed or has ended. */
  renew(record: Stamp & { readonly path: string }): void {
    const supervisor = this.#lives.get(writerOf(record))?.of.get(record.path);
    for (const child of supervisor?.children ?? []) child.memory = this.#fresh();
  }

  end({ of, ofLife }: RecordOf<"life.ended">): void {
    this.#lives.delete(lifeName(of, ofLife));
  }

  *children(): Iterable<DeclaredChild<M>> {
    for (const { child } of this.#lives.values()) yield* child.values();
  }
}
