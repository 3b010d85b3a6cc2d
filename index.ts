/**
 * Troupe: supervised actors over NATS for back ends made of LLM calls.
 *
 * The kernel, the patterns, the actors that speak them, and nodes.
 */
export * from "./actors/index.ts";
export * from "./cluster/index.ts";
export * from "./protocols/index.ts";
export * from "./runtime/index.ts";
