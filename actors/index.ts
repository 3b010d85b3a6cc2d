/** Ready-made actors that speak the protocols. What is not listed here is private to the folder. */

export type { BlackboardInput, BlackboardOptions } from "./blackboard/blackboard.ts";
export { blackboard } from "./blackboard/blackboard.ts";
export type {
  BoardOperations,
  Posted,
  Posting,
  Registration,
  SourceOperations,
} from "./blackboard/board-protocol.ts";
export { Board, Source } from "./blackboard/board-protocol.ts";
export { boardProgress, boardRest, boardSubjects } from "./blackboard/board-rest.ts";
export type { KnowledgeSourceOptions } from "./blackboard/knowledge-source.ts";
export { knowledgeSource } from "./blackboard/knowledge-source.ts";
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
export type { Intent, LeadSpec } from "./hierarchy/lead.ts";
export { lead } from "./hierarchy/lead.ts";
export type { SpecialistContext } from "./hierarchy/specialist.ts";
export { specialist } from "./hierarchy/specialist.ts";
export type { AuctioneerSpec } from "./market/auctioneer.ts";
export { auctioneer } from "./market/auctioneer.ts";
export type { BidderSpec, Performance, Performed } from "./market/bidder.ts";
export { bidder } from "./market/bidder.ts";
export { builtinIdentity, builtinModel } from "./models/builtin-model.ts";
export { type ModelClientsOptions, modelClients } from "./models/model-clients.ts";
export type { Candidate, JsonSchema, ModelTask, TaskName } from "./models/model-task.ts";
export { OllamaClient, type OllamaDeadlines, type OllamaOptions } from "./models/ollama-client.ts";
export {
  costMicros,
  localPrices,
  type ModelPrice,
  type PriceTable,
  parsePriceTable,
  priceOf,
} from "./models/price-table.ts";
export { parseTask, taskRequest } from "./models/structured-prompt.ts";
export { jobEnd, jobProgress, jobReports } from "./orchestration/job.ts";
export type { OrchestratorInput, OrchestratorOperations } from "./orchestration/orchestrator.ts";
export { Orchestrator, orchestrator } from "./orchestration/orchestrator.ts";
export type {
  TaskWork,
  WorkerLoad,
  WorkerOperations,
  WorkerOptions,
} from "./orchestration/worker.ts";
export { Worker, worker } from "./orchestration/worker.ts";
export type { PollingOptions } from "./polling.ts";
export type { Work } from "./work.ts";
