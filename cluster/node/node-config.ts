/**
 * What `troupe.config.ts` says: the settings of the nodes that `troupe node` runs.
 *
 * Owns: the form of that file. Finding, loading and checking it is `cli/configuration/`; what a setting
 * means is said at the option of `startNode` that has its name.
 */
import type { Duration } from "../../runtime/duration.ts";
import type { LogLevel } from "../../runtime/log.ts";
import type { NodeOptions } from "./node-options.ts";

/** The settings of a node that can stand in a file. */
export interface NodeConfig
  extends Pick<
    NodeOptions,
    | "roles"
    | "capacity"
    | "metadata"
    | "ingress"
    | "services"
    | "nats"
    | "cluster"
    | "storeDir"
    | "natsServer"
    | "natsPort"
    | "lease"
    | "replicas"
    | "mostBodyBytes"
    | "wireFeatures"
  > {
  readonly name?: string;
  /** The file that holds the seed of the server's user; better than the seed itself. */
  readonly nkey?: string;
  /** The file with the certificate of whoever signed the server's. */
  readonly ca?: string;
  /** The models that actors may call: `auto`, `builtin` or `ollama:NAME`. */
  readonly model?: string;
  /** Where Ollama answers, like `http://127.0.0.1:11434`. */
  readonly ollamaHost?: string;
  readonly log?: LogLevel;
  /** Where `/healthz` and `/readyz` answer; nowhere when absent. */
  readonly healthPort?: number;
  /** Default `127.0.0.1`. */
  readonly healthHost?: string;
  /** Of the module's children only those that serve these capabilities, this many of each. */
  readonly pools?: Readonly<Record<string, number>>;
  /** How long a drain may take; default 10 s. */
  readonly drain?: Duration;
  /** Whether a node that was fenced starts anew, as another incarnation; default `always`. */
  readonly rejoin?: "always" | "never";
}

/**
 * The configuration itself, with its types checked where it is written.
 *
 * @example
 * // troupe.config.ts
 * export default defineConfig({ nats: "nats://10.0.0.5:4222", roles: ["text"], capacity: 4 });
 */
export function defineConfig(config: NodeConfig): NodeConfig {
  return config;
}
