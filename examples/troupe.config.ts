/** What `troupe node` and the other commands take from the folder that they run in. */
import { defineConfig, type NodeConfig } from "troupe";

const config: NodeConfig = defineConfig({
  nats: "nats://10.0.0.5:4222",
  roles: ["text"],
  capacity: 4,
  metadata: { zone: "eu" },
  healthPort: 8080,
});

export default config;
