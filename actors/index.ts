/** Ready-made actors that speak the protocols. What is not listed here is private to the folder. */

export * from "./auctioneer.ts";
export * from "./bidder.ts";
export type { BlackboardInput, BlackboardOptions } from "./blackboard.ts";
export { blackboard } from "./blackboard.ts";
export type {
  BoardOperations,
  Posted,
  Posting,
  Registration,
  SourceOperations,
} from "./board-protocol.ts";
export { Board, Source } from "./board-protocol.ts";
export { boardRest, boardSubjects } from "./board-rest.ts";
export { builtinIdentity, builtinModel } from "./builtin-model.ts";
export {
  EVENTS_TOPIC,
  EventRecorder,
  type EventRecorderOperations,
  EventRelay,
  type EventRelayOperations,
  eventRecorder,
  eventRelay,
  isOwn,
} from "./event-relay.ts";
export { jobEnd, jobProgress, jobReports } from "./job.ts";
export type { KnowledgeSourceOptions } from "./knowledge-source.ts";
export { knowledgeSource } from "./knowledge-source.ts";
export * from "./lead.ts";
export { type ModelClientsOptions, modelClients } from "./model-clients.ts";
export type { Candidate, JsonSchema, ModelTask, TaskName } from "./model-task.ts";
export { OllamaClient, type OllamaDeadlines } from "./ollama-client.ts";
export type { OrchestratorInput, OrchestratorOperations } from "./orchestrator.ts";
export { Orchestrator, orchestrator } from "./orchestrator.ts";
export type { PollingOptions } from "./polling.ts";
export {
  costMicros,
  localPrices,
  type ModelPrice,
  type PriceTable,
  parsePriceTable,
  priceOf,
} from "./price-table.ts";
export * from "./specialist.ts";
export { parseTask, taskRequest } from "./structured-prompt.ts";
export type { Work } from "./work.ts";
export type { TaskWork, WorkerLoad, WorkerOperations, WorkerOptions } from "./worker.ts";
export { Worker, worker } from "./worker.ts";
