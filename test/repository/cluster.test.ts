/** Holds the options and the numbers of `docs/cluster.md` to the code that they come from. */
import t from "tap";
import { LEASE_TTL_MS } from "../../cluster/index.ts";
import { BEAT_MS } from "../../cluster/membership/failure-detector.ts";
import { DEGRADED_LAG_MS } from "../../cluster/membership/membership-view.ts";
import { OUTBOX_ENVELOPES } from "../../cluster/wire/outbox.ts";
import { troupe } from "../cli/troupe-command.ts";
import { read } from "./repository.ts";

const DOCUMENT = "docs/cluster.md";

/** The cells of the table whose first heading is `first`, row by row. */
function rowsOf(markdown: string, first: string): readonly (readonly string[])[] {
  const lines = markdown.split("\n");
  const from = lines.findIndex((line) => line.startsWith(`| ${first} `));
  const rest = lines.slice(from + 2);
  const to = rest.findIndex((line) => !line.startsWith("|"));
  return rest.slice(0, to).map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
}

t.test(DOCUMENT, async (t) => {
  const document = read(DOCUMENT);
  const options = rowsOf(document, "`startNode`");

  t.test("lists every option of startNode, and flags and variables that exist", async (t) => {
    const source = read("cluster/node/node-options.ts");
    const [, body = ""] = /export interface NodeOptions \{\n([\s\S]*?)\n\}/.exec(source) ?? [];
    const declared = [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map((match) => match[1] ?? "");
    // Which actors it runs is no setting; `env` stands for the environment itself.
    const notSet = ["children", "actors", "env"];
    const settings = declared.filter((name) => !notSet.includes(name));
    t.strictSame(new Set(options.map(([name = ""]) => name.slice(1, -1))), new Set(settings));

    const { stdout: help } = await troupe(["node", "--help"]);
    const sources = [
      "cluster/node/node-options.ts",
      "cluster/nats-server/locate.ts",
      "cli/configuration/settings.ts",
    ];
    const code = sources.map(read).join("\n");
    for (const [, flag = "", variable = ""] of options) {
      if (flag !== "") t.match(help, `${flag.slice(1, -1)} `);
      const [, name] = /^`(\w+)`/.exec(variable) ?? [];
      if (name !== undefined) t.match(code, new RegExp(`\\b${name}\\b`));
    }
  });

  t.test("reckons with the lease, the heartbeat and the outbox as they are", async (t) => {
    t.equal(LEASE_TTL_MS, 5_000, "its times are for a lease of 5 s");
    t.equal(BEAT_MS, 1_000, "its times are for a heartbeat each second");
    t.equal(DEGRADED_LAG_MS, 1_000, "a main loop is degraded past 1 s");
    t.match(document, `${OUTBOX_ENVELOPES.toLocaleString("en")} for each other node`);
  });
});
