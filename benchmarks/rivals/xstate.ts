/**
 * XState 5: a state machine per actor, with a mailbox, one event at a time.
 *
 * Each operation is an event of the machine with one action. There is no ask: an event carries a
 * promise's resolver instead, and nothing limits the wait.
 */
import type { Setting } from "../benchmark.ts";
import { type RivalActor, type RivalHandlers, type RivalMessage, rivalModule } from "./rival.ts";

/** An XState actor. */
export interface XStateActor {
  start(): XStateActor;
  stop(): XStateActor;
  send(event: { readonly type: string }): void;
}

/** What the benchmarks use of XState. */
export interface XState {
  createMachine(config: unknown): unknown;
  createActor(machine: unknown): XStateActor;
}

interface AskingMessage extends RivalMessage {
  readonly answer?: (value: unknown) => void;
}

/** XState's module. */
export function xstateModule(setting: Setting): XState {
  return rivalModule<XState>("xstate", setting);
}

/** Starts XState. */
export function startXState(setting: Setting): {
  spawn(handlers: RivalHandlers): RivalActor;
  stop(): void;
} {
  const { createActor, createMachine } = xstateModule(setting);
  const started: XStateActor[] = [];
  return {
    spawn: (handlers) => {
      const on: Record<string, unknown> = {};
      for (const [type, handle] of Object.entries(handlers)) {
        on[type] = {
          actions: ({ event }: { readonly event: AskingMessage }) => {
            const value = handle(event);
            event.answer?.(value);
          },
        };
      }
      const machine = createMachine({ initial: "ready", states: { ready: { on } } });
      const actor = createActor(machine).start();
      started.push(actor);
      return {
        tell: (message) => actor.send(message),
        ask: ({ type, left, seq, from }) =>
          new Promise((answer) => {
            const asking: AskingMessage = { type, left, seq, from, answer };
            actor.send(asking);
          }),
      };
    },
    stop: () => {
      for (const actor of started) actor.stop();
    },
  };
}
