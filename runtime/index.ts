/** The kernel as other folders use it: actors, their ports, and the parts that stand on ports. */
export type { Activation as ActorActivation } from "./activation.ts";
export {
  type ActorContext,
  type ActorDefinition,
  type ActorOptions,
  type AskAnswer,
  actor,
  type Handlers,
  type Hooks,
  type SpawnArgs,
  type SpawnOptions,
  type StreamResult,
  type Timers,
} from "./actor.ts";
export type {
  ActorRef,
  AnyActorRef,
  AskOptions,
  ReplyStream,
  StreamOptions,
} from "./actor-ref.ts";
export {
  type Address,
  addressOf,
  checkedName,
  checkedNodeName,
  nodeOf,
  pathOf,
} from "./address.ts";
export { type ChildSpec, child, type Spawner } from "./child-spec.ts";
export { createSystem, type SystemOptions } from "./create-system.ts";
export type { DeadLetter, DeadLetterReason } from "./dead-letter.ts";
export { DeferredReply } from "./deferred-reply.ts";
export { createTasks, type TasksOptions } from "./durable/create-tasks.ts";
export type {
  PerformTask,
  TaskInHand,
  TaskOutcome,
  TaskRequest,
  Tasks,
  TaskWorker,
} from "./durable/tasks.ts";
export { type Duration, durationMs } from "./duration.ts";
export type { EventSink, Happening, NodeConnection, TroupeEvent } from "./event.ts";
export { EventFeed } from "./event-feed.ts";
export type { ExitReason, Terminated } from "./exit-reason.ts";
export type { LastFailure } from "./kernel/holdings.ts";
export type { MailboxOptions } from "./kernel/mailbox.ts";
export type { QueueDepth } from "./kernel/queue-depth.ts";
export type { ActorFamily, ActorReport, ActorsPage, ActorsQuery } from "./kernel/survey.ts";
export type { Arrivals, Share } from "./load/arrivals.ts";
export {
  type Change,
  type ComparedFigure,
  comparedLoads,
  comparisonText,
  differingLoads,
} from "./load/comparison.ts";
export { loadDocumentText, objectiveLine } from "./load/document-text.ts";
export { FailedRequest } from "./load/failed-request.ts";
export { LatencyHistogram, type LatencyRecord, type LatencySummary } from "./load/latency.ts";
export {
  type LoadDocument,
  type LoadTarget,
  type ProcessSample,
  type ProcessTimeline,
  parseLoadDocument,
  type Receipt,
} from "./load/load-document.ts";
export type { LiveLoad, LoadOptions, LoadRequest, Pace } from "./load/load-options.ts";
export { loadPage } from "./load/load-page.ts";
export type { FailureCount, LoadInterval, LoadPart, LoadWindow } from "./load/load-part.ts";
export {
  errorShareOf,
  type LoadLoop,
  type LoadReport,
  loadReportOf,
  type ReportFacts,
  type TimelinePoint,
} from "./load/load-report.ts";
export { runLoad, runLoadPart } from "./load/load-run.ts";
export { loadReportText, paceText } from "./load/load-text.ts";
export { loadWarnings } from "./load/load-verdict.ts";
export {
  judged,
  type Objective,
  type ObjectiveFault,
  type ObjectiveMetric,
  type ObjectiveOf,
  type ObjectiveResult,
  parseObjectives,
  percentileOf,
} from "./load/objective.ts";
export {
  type PlayedTrace,
  parseTrace,
  playTrace,
  type Trace,
  type TracePace,
  type TraceUnit,
} from "./load/trace.ts";
export { type Log, type LogFields, type LogLevel, pinoLog, silentLog } from "./log.ts";
export {
  type MachineActorOptions,
  type MachineContext,
  machineActor,
} from "./machine/machine-actor.ts";
export type {
  InspectedActor,
  InspectedState,
  MachineInspection,
} from "./machine/machine-inspection.ts";
export type {
  EventPayload,
  EventTell,
  MachineAsks,
  MachineCondition,
  MachineOperations,
  MachineState,
} from "./machine/machine-protocol.ts";
export type { MachineDelay, MachineRecord } from "./machine/machine-record.ts";
export type { Model, ModelCall } from "./model.ts";
export { type DurableStateOptions, durableState } from "./persistence/durable-state.ts";
export {
  type EventSourcedHandlers,
  type EventSourcedHooks,
  type EventSourcedOptions,
  eventSourced,
} from "./persistence/event-sourced.ts";
export type { EventSourcedContext } from "./persistence/event-sourced-context.ts";
export type { Migrations } from "./persistence/migration.ts";
export type { GivenId } from "./persistence/persistence-id.ts";
export { hostMetadata } from "./placement/hosts.ts";
export { checkedPlacement, type Placement, roleIn } from "./placement/placement.ts";
export { type PoolOptions, pool } from "./pool.ts";
export { type BlobStore, contentKey, MOST_BLOB_BYTES } from "./ports/blob-store.ts";
export { awaitedClock, type Cancel, type Clock, systemClock } from "./ports/clock.ts";
export type {
  Delivery,
  DurableQueue,
  Priority,
  Published,
  QueuedTask,
} from "./ports/durable-queue.ts";
export type { Append, EventLog, EventLogs, LogEntry } from "./ports/event-log.ts";
export type { DelayRange } from "./ports/faults.ts";
export type {
  BucketOptions,
  KeyValue,
  KeyValueChange,
  KeyValueEntry,
  KeyValues,
  KeyValueWrite,
  Put,
  PutOptions,
} from "./ports/key-value.ts";
export {
  type Member,
  type MemberPhase,
  type Membership,
  type MembershipEvent,
  type MemberTraits,
  type NodeIdentity,
  takesNewWork,
  takesNewWorkHere,
} from "./ports/membership.ts";
export {
  type MemoryBlobStore,
  type MemoryBlobStoreOptions,
  memoryBlobStore,
} from "./ports/memory-blob-store.ts";
export {
  type MemoryDurableQueue,
  type MemoryDurableQueueFaults,
  type MemoryDurableQueueOptions,
  memoryDurableQueue,
} from "./ports/memory-durable-queue.ts";
export {
  type MemoryEventLogFaults,
  type MemoryEventLogs,
  type MemoryEventLogsOptions,
  memoryEventLogs,
} from "./ports/memory-event-log.ts";
export {
  type MemoryKeyValueFaults,
  type MemoryKeyValues,
  type MemoryKeyValuesOptions,
  memoryKeyValues,
} from "./ports/memory-key-value.ts";
export {
  MemoryMembers,
  type MemoryMembersFaults,
  type MemoryMembersOptions,
} from "./ports/memory-membership.ts";
export {
  type MemoryModelFaults,
  MemoryModels,
  type MemoryModelsOptions,
  type ModelScript,
  type ScriptedAnswer,
  type ScriptedCall,
} from "./ports/memory-model-client.ts";
export { memoryPorts } from "./ports/memory-ports.ts";
export {
  type MemoryReminderFaults,
  type MemoryReminders,
  type MemoryRemindersOptions,
  memoryReminders,
} from "./ports/memory-reminders.ts";
export {
  MemoryHub,
  type MemoryHubFaults,
  type MemoryHubOptions,
} from "./ports/memory-transport.ts";
export type {
  ModelClient,
  ModelClients,
  ModelIdentity,
  ModelRequest,
  ModelUsage,
} from "./ports/model-client.ts";
export type { Ports } from "./ports/ports.ts";
export { type Random, seededRandom, systemRandom } from "./ports/random.ts";
export type { DueReminder, Reminder, ReminderOf, Reminders } from "./ports/reminders.ts";
export { type Scheduler, systemScheduler } from "./ports/scheduler.ts";
export type { SignatureFault, Signatures } from "./ports/signatures.ts";
export type { Leadership, Power, StoreFaults } from "./ports/store-faults.ts";
export type { Transport, TransportSink, UndeliveredReason } from "./ports/transport.ts";
export {
  type Args,
  type Ask,
  ask,
  type Chunk,
  type Named,
  type Operation,
  type OperationSchemas,
  type Operations,
  type Protocol,
  protocol,
  type Reply,
  type Request,
  type Schema,
  type SchemaResult,
  type Stream,
  signed,
  stream,
  type Tell,
  tell,
} from "./protocol.ts";
export {
  baseName,
  checkedRegistrationName,
  isRegistration,
  type Registration as ActorRegistration,
  registrationsByName,
  type SingletonOptions,
  type SingletonRegistration,
  type SpawnableOptions,
  type SpawnableRegistration,
  singleton,
  spawnable,
  type VirtualOptions,
  type VirtualRegistration,
  virtual,
} from "./registration.ts";
export type { ActorReminders } from "./reminder/actor-reminders.ts";
export type { ReminderTime, Schedule } from "./reminder/schedule.ts";
export type { Claim, Envelope, EnvelopeKindNumber, Signature } from "./remote/envelope.ts";
export { EnvelopeKind } from "./remote/envelope.ts";
export { err, ok, type Result } from "./result.ts";
export { HIDDEN, processScrubber, Scrubber } from "./scrubber.ts";
export type { ChildPlacement } from "./spawning/child-placement.ts";
export type { RootControl, RootStartOptions } from "./spawning/root-control.ts";
export type { RootChild } from "./spawning/root-protocol.ts";
export { withRoot } from "./spawning/root-supervisor.ts";
export {
  type StoreActorContext,
  type StoreActorOptions,
  type StoreOperations,
  storeActor,
} from "./store/store-actor.ts";
export type {
  AutoShutdown,
  Backoff,
  Decision,
  Intensity,
  RestartType,
  Strategy,
} from "./supervision.ts";
export {
  Supervisor,
  type SupervisorOperations,
  type SupervisorSpec,
  supervisor,
} from "./supervisor.ts";
export type { System } from "./system.ts";
export {
  type AskOutcome,
  type ErrorCode,
  type ErrorRecord,
  errorCodes,
  errorFromRecord,
  errorRecord,
  messageOf,
  type Retry,
  TroupeError,
  type TroupeErrorOptions,
} from "./troupe-error.ts";
