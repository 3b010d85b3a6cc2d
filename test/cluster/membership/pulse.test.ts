import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { startPulse } from "../../../cluster/membership/pulse.ts";
import { silentLog } from "../../../runtime/log.ts";
import { systemClock } from "../../../runtime/ports/clock.ts";
import { until } from "../test-server.ts";

t.test(
  "regression: U3: a pulse that ends by itself beats again, in the state that it had",
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "troupe-pulse-"));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, "said");
    const said = () => readFile(file, "utf8");
    const traits = { roles: [], capacity: 1, metadata: {} };
    const target = { url: "", cluster: "c", name: "n1", credentials: {} };
    const pulse = await startPulse(
      { target, incarnation: file, traits },
      {
        clock: systemClock,
        log: silentLog,
        thread: new URL("../fixtures/failing-pulse.js", import.meta.url),
      },
    );
    pulse.announce("draining");
    await until(
      "it was started three times, and told",
      async () => /start .*start .*start draining/.test(await said()),
      30_000,
    );
    await pulse.stop("farewell");
    t.match(await said(), /draining leaving $/);
  },
);
