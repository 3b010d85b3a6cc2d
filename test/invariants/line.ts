/**
 * What one sender sends to one receiver, told as it is sent and as it settles.
 *
 * Owns: the marks of a pair. The message itself is sent by whoever uses the line, with the mark in its
 * body: `{ …, mark }`. What the receiver does about it is `Recorder.received` and `Recorder.answer`.
 *
 * R4: a message is told of before it is sent, its refusal after.
 */
import { TroupeError } from "../../runtime/troupe-error.ts";
import type { Mark } from "./record.ts";
import { askName, type Recorder } from "./recorder.ts";

/** Between whom. */
export interface LineEnds {
  /** The sender's name within its life; a line of the same ends that begins anew is another sender. */
  readonly from: string;
  /** The receiver's address, or type and key. */
  readonly to: string;
  /** The node that the receiver lives on, when the sender can know. */
  readonly toNode?: string;
}

/** See the file's header. */
export class Line {
  readonly pair: string;
  readonly #recorder: Recorder;
  readonly #toNode: string | undefined;
  #sequence = 0;

  constructor(recorder: Recorder, { from, to, toNode }: LineEnds) {
    this.pair = `${recorder.name}/${from}>${to}`;
    this.#recorder = recorder;
    this.#toNode = toNode;
  }

  /** Sends with `send`, which returns what `tell` returned. */
  tell(send: (mark: Mark) => boolean): boolean {
    const mark = this.#mark("tell");
    const isTaken = send(mark);
    if (!isTaken) this.#recorder.tell({ type: "message.refused", ...mark });
    return isTaken;
  }

  /**
   * Asks with `call`, and tells how that settled.
   *
   * @param timeoutMs - what the ask is given as its timeout
   * @throws what `call` rejects with
   */
  async ask<R extends { readonly answers: string }>(
    timeoutMs: number,
    call: (mark: Mark) => Promise<R>,
  ): Promise<R> {
    const recorder = this.#recorder;
    const mark = this.#mark("ask");
    const ask = askName(mark);
    recorder.tell({ type: "ask.started", ask, deadlineAtMs: recorder.nowMs() + timeoutMs });
    try {
      const reply = await call(mark);
      recorder.tell({ type: "ask.settled", ask, outcome: "ok", answers: reply.answers });
      return reply;
    } catch (thrown) {
      const outcome = (thrown instanceof TroupeError ? thrown.outcome : undefined) ?? "unknown";
      if (outcome === "never-ran") recorder.tell({ type: "message.refused", ...mark });
      recorder.tell({ type: "ask.settled", ask, outcome });
      throw thrown;
    }
  }

  #mark(kind: "tell" | "ask"): Mark {
    const mark: Mark = { pair: this.pair, sequence: ++this.#sequence };
    const to = this.#toNode;
    this.#recorder.tell({
      type: "message.sent",
      kind,
      ...mark,
      ...(to === undefined ? {} : { to }),
    });
    return mark;
  }
}
