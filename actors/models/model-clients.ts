/**
 * The models of a node, by name.
 *
 * Owns: which models there are and what `auto` means, decided once at start. Its neighbours
 * `ollama-client.ts` and `builtin-model.ts` own the calls.
 *
 * M1: names are `auto`, `builtin` and `ollama:NAME`; NAME without a tag means `latest`, as in Ollama.
 * M2: the choice is said in one log line; an unreachable server is never an error, the built-in model
 *   takes its place.
 * M3: a server that answers but lacks the wanted model is an error that names those it has: taking
 *   another one silently would answer with a model nobody chose.
 * M4: of several models, `auto` takes a warm one, else the first listed (the latest); never one that
 *   only embeds.
 */

import type { Log } from "../../runtime/log.ts";
import type { Clock } from "../../runtime/ports/clock.ts";
import type { ModelClient, ModelClients } from "../../runtime/ports/model-client.ts";
import { messageOf, TroupeError } from "../../runtime/troupe-error.ts";
import { builtinAt, builtinIdentity } from "./builtin-model.ts";
import {
  OllamaClient,
  type OllamaDeadlines,
  type OllamaModel,
  ollamaModels,
  shownHost,
} from "./ollama-client.ts";
import { localPrices, type PriceTable } from "./price-table.ts";

/** Options of {@link modelClients}. */
export interface ModelClientsOptions {
  /** `auto`, `builtin` or `ollama:NAME`. */
  readonly model: string;
  /** The value of `OLLAMA_HOST`; without it `auto` looks for no server. */
  readonly ollamaHost?: string | undefined;
  readonly log: Log;
  readonly clock: Clock;
  readonly deadlines?: Partial<OllamaDeadlines>;
  /** What calls cost; default {@link localPrices}. */
  readonly prices?: PriceTable;
}

/** What a look at the server found. */
export type OllamaServer =
  | { readonly phase: "none" }
  | { readonly phase: "unreachable"; readonly host: string; readonly reason: string }
  | { readonly phase: "reachable"; readonly host: string; readonly models: readonly OllamaModel[] };

/** What `auto` is, and the one line that says so. */
export interface ModelChoice {
  /** The model on the server; absent when the built-in one is used. */
  readonly ollamaModel: string | undefined;
  readonly line: string;
  /** Whether it is not what was asked for. */
  readonly fallback: boolean;
}

const OLLAMA = "ollama:";
const DEFAULT_HOST = "127.0.0.1:11434";
/** How long a server may take to answer at start. */
const LOOK_MS = 1_000;
const EMBEDDING_FAMILY = /bert|embed/i;

/**
 * Finds the models there are; looks once, for at most a second.
 *
 * @throws {TroupeError} `model.unknown` when the wanted model is none, or its server lacks it
 */
export async function modelClients(options: ModelClientsOptions): Promise<ModelClients> {
  const { model, clock, log } = options;
  const server = await look(model, options);
  const choice = chosenModel(model, server);
  const fields = { model: choice.ollamaModel ?? builtinIdentity.name };
  if (choice.fallback) log.warn(fields, choice.line);
  else log.info(fields, choice.line);
  const { deadlines = {}, prices = localPrices } = options;
  const builtin = builtinAt(prices);
  const clients = new Map<string, ModelClient>([["builtin", builtin]]);
  if (server.phase === "reachable") {
    const { host, models } = server;
    for (const { name } of models) {
      const client = new OllamaClient({ host, model: name, clock, deadlines, prices });
      clients.set(OLLAMA + name, client);
    }
  }
  const { ollamaModel } = choice;
  const chosen = ollamaModel === undefined ? undefined : clients.get(OLLAMA + ollamaModel);
  return clientsOf(clients, chosen ?? builtin, model);
}

/**
 * Decides what `auto` means.
 *
 * @param wanted - `auto`, `builtin` or `ollama:NAME`
 * @throws {TroupeError} `model.unknown`
 */
export function chosenModel(wanted: string, server: OllamaServer): ModelChoice {
  const builtin = `using the built-in model: ${builtinIdentity.name}`;
  if (wanted === "builtin") return { ollamaModel: undefined, line: builtin, fallback: false };
  const name = ollamaName(wanted);
  if (wanted !== "auto" && name === undefined) throw unknownModel(wanted, namesOf(server));
  switch (server.phase) {
    case "none":
      return { ollamaModel: undefined, line: `no OLLAMA_HOST, ${builtin}`, fallback: false };
    case "unreachable": {
      const line = `Ollama at ${shownHost(server.host)} is unreachable (${server.reason}), ${builtin}`;
      return { ollamaModel: undefined, line, fallback: true };
    }
    case "reachable": {
      const model = name === undefined ? preferred(server.models) : listed(server.models, name);
      if (model !== undefined) {
        const line = `using model ${model.name} of Ollama at ${server.host}`;
        return { ollamaModel: model.name, line, fallback: false };
      }
      if (name !== undefined) throw unknownModel(wanted, namesOf(server));
      const line = `Ollama at ${server.host} has no model that generates text, ${builtin}`;
      return { ollamaModel: undefined, line, fallback: true };
    }
  }
}

async function look(model: string, options: ModelClientsOptions): Promise<OllamaServer> {
  const isNamed = ollamaName(model) !== undefined;
  if (model !== "auto" && !isNamed) return { phase: "none" };
  const host = options.ollamaHost || (isNamed ? DEFAULT_HOST : undefined);
  if (host === undefined) return { phase: "none" };
  try {
    const models = await ollamaModels(host, { clock: options.clock, timeoutMs: LOOK_MS });
    return { phase: "reachable", host, models };
  } catch (error) {
    const reason = messageOf(error).replace(`Ollama at ${host}: `, "");
    return { phase: "unreachable", host, reason };
  }
}

/** Finds clients by their full names. */
function clientsOf(
  clients: ReadonlyMap<string, ModelClient>,
  chosen: ModelClient,
  configured: string,
): ModelClients {
  return {
    client(name) {
      // The configured name stays good when the built-in model has taken its place.
      if (name === "auto" || name === configured) return chosen;
      const found = clients.get(name) ?? clients.get(latest(name));
      if (found === undefined) throw unknownModel(name, ollamaNames(clients));
      return found;
    },
  };
}

function ollamaNames(clients: ReadonlyMap<string, ModelClient>): readonly string[] {
  return [...clients.keys()].flatMap((name) => ollamaName(name) ?? []);
}

function preferred(models: readonly OllamaModel[]): OllamaModel | undefined {
  const generating = models.filter(({ family }) => !EMBEDDING_FAMILY.test(family));
  return generating.find(({ warm }) => warm) ?? generating[0];
}

function listed(models: readonly OllamaModel[], name: string): OllamaModel | undefined {
  return (
    models.find((model) => model.name === name) ??
    models.find((model) => model.name === latest(name))
  );
}

function ollamaName(name: string): string | undefined {
  const bare = name.startsWith(OLLAMA) ? name.slice(OLLAMA.length) : "";
  return bare === "" ? undefined : bare;
}

function latest(name: string): string {
  return `${name}:latest`;
}

function namesOf(server: OllamaServer): readonly string[] {
  return server.phase === "reachable" ? server.models.map(({ name }) => name) : [];
}

function unknownModel(name: string, ollama: readonly string[]): TroupeError {
  const there = ["auto", "builtin", ...ollama.map((model) => OLLAMA + model)];
  const hint = ollama.length === 0 ? ", or ollama:NAME with a reachable server" : "";
  return new TroupeError(
    "model.unknown",
    `no model "${name}": there are ${there.join(", ")}${hint}`,
    { data: { model: name, models: there } },
  );
}
