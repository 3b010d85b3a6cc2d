/**
 * The simulated NATS against a real one: `npm run conformance -- [--commands N] [--seed S] [--at-once N]
 * [--no-shrink] [--json]`.
 *
 * Starts a nats-server of its own. Exit code 0 when all outcomes agree, 1 when some do not, 2 when it was
 * called wrongly.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { launchNatsServer } from "../../cluster/nats-server/launch.ts";
import { locateNatsServer } from "../../cluster/nats-server/locate.ts";
import { systemRandom } from "../../runtime/ports/random.ts";
import { compareMany } from "./many-plans.ts";
import { serverPorts } from "./server-ports.ts";

const { values } = parseArgs({
  options: {
    commands: { type: "string", default: "2000" },
    seed: { type: "string" },
    "at-once": { type: "string", default: "32" },
    "no-shrink": { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const seed = values.seed === undefined ? systemRandom().int(2 ** 30) : Number(values.seed);
const numbers = { commands: Number(values.commands), "at-once": Number(values["at-once"]), seed };
const mistake = Object.entries(numbers).find(
  ([name, value]) => !Number.isInteger(value) || value < (name === "seed" ? 0 : 1),
);
if (mistake !== undefined) {
  process.stderr.write(`--${mistake[0]} must be a whole number\n`);
  process.exitCode = 2;
} else {
  await compare();
}

async function compare(): Promise<void> {
  const binary = (await locateNatsServer({ env: process.env })).path;
  const storeDir = await mkdtemp(join(tmpdir(), "troupe-conformance-"));
  const server = await launchNatsServer({ binary, storeDir });
  const startMs = performance.now();
  try {
    const result = await compareMany({
      other: (spans) => serverPorts(server.url, spans),
      seed,
      commands: numbers.commands,
      atOnce: numbers["at-once"],
      shrink: values["no-shrink"] !== true,
      progress: (commands, difference) => {
        if (difference !== undefined) process.stderr.write(`${difference.message}\n\n`);
        else if (process.stderr.isTTY) process.stderr.write(`\r${commands} commands agree `);
      },
    });
    const seconds = (performance.now() - startMs) / 1_000;
    const { commands, differences, doubts, kinds, late, plans, untold } = result;
    if (differences.length > 0 || commands < numbers.commands) process.exitCode = 1;
    for (const { message } of doubts) process.stderr.write(`not confirmed: ${message}\n\n`);
    if (values.json === true) {
      const said = differences.map(({ message }) => message);
      const counts = Object.fromEntries([...kinds].sort(([a], [b]) => (a < b ? -1 : 1)));
      const document = { v: 1, suite: "conformance", seed, plans, commands, late, untold, seconds };
      process.stdout.write(
        `${JSON.stringify({ ...document, differences: said, kinds: counts })}\n`,
      );
      return;
    }
    process.stdout.write(
      `${commands.toLocaleString("en")} commands in ${plans} plans from seed ${seed}, ` +
        `${differences.length} differences, ${seconds.toFixed(0)} s; ${late} plans took too long and were tried again, ${untold} in vain\n`,
    );
  } finally {
    await server.stop();
    await rm(storeDir, { recursive: true, force: true });
  }
}
