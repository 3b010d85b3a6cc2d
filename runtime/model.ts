/**
 * A model as an actor uses it: one call, iterated for its text, with its usage at the end.
 *
 * Owns: measuring and reporting calls. The endpoint is `model-client.ts`.
 */
import type { ModelIdentity, ModelRequest, ModelUsage } from "./model-client.ts";

/** A call under way: iterate it for the chunks, or await `text`. */
export interface ModelCall extends AsyncIterable<string> {
  /** The whole text; starts the call when nothing iterates it. */
  readonly text: Promise<string>;
  /** Settles when the call has ended. */
  readonly usage: Promise<ModelUsage>;
}

/** A model, bound to whoever uses it: its calls end when their signal aborts. */
export interface Model {
  readonly identity: ModelIdentity;
  generate(request: ModelRequest & { readonly signal?: AbortSignal }): ModelCall;
}
