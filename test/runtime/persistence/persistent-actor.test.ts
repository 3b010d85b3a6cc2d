import t from "tap";
import { memoryEventLogs } from "../../../runtime/ports/memory-event-log.ts";
import { memoryKeyValues } from "../../../runtime/ports/memory-key-value.ts";
import { persistentActorContract } from "../../contracts/persistent-actor.ts";

t.test("actors that keep state, in memory", async (t) => {
  await persistentActorContract(t, async () => ({
    keyValues: memoryKeyValues(),
    eventLogs: memoryEventLogs(),
  }));
});
