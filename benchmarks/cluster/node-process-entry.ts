/** The entry of a node's process: it runs until it is killed, or the measuring process lets go of it. */
import { silentLog, startNode } from "../../index.ts";
import type { NodeProcessNews, NodeProcessSetting } from "./node-process.ts";

const { name, url, holds, lease } = JSON.parse(process.argv[2] ?? "") as NodeProcessSetting;
process.once("disconnect", () => process.exit(0));
const node = await startNode({
  name,
  nats: url,
  ingress: "closed",
  log: silentLog,
  ...(lease === undefined ? {} : { lease }),
});
const { tasks } = node.system.ports;
if (holds !== undefined)
  tasks.work(
    holds,
    ({ id }) => {
      say({ type: "holding", task: id });
      return new Promise(() => {});
    },
    { concurrency: 1 },
  );
say({ type: "ready" });

function say(news: NodeProcessNews): void {
  process.send?.(news);
}
