/** `troupe doctor`: examines a nats-server and a cluster on it, and says what to do. */
import { Command, Option } from "commander";
import {
  examine,
  type Finding,
  findingsOf,
  loadCredentials,
  type Role,
  seedHolder,
  type Verdict,
} from "../cluster/index.ts";
import { awaitedClock } from "../runtime/index.ts";
import { type CredentialFlags, credentialsOf, withCredentialFlags } from "./credential-flags.ts";
import { CommandError, ExitCode } from "./exit-code.ts";

interface DoctorCommandOptions extends CredentialFlags {
  readonly nats?: string;
  readonly cluster: string;
  readonly as?: Role;
  readonly name?: string;
  readonly monitor?: string;
  readonly json?: true;
}

const MARKS: Readonly<Record<Verdict, string>> = {
  ok: "ok     ",
  warn: "warn   ",
  fail: "FAIL   ",
  unknown: "unknown",
};

/** The command. */
export function doctorCommand(): Command {
  return withCredentialFlags(new Command("doctor"))
    .description("examine a nats-server and a cluster on it, and say what to do")
    .option("--nats <url>", "the server; TROUPE_NATS_URL by default")
    .option("--cluster <name>", "the cluster on it", "troupe")
    .addOption(
      new Option("--as <role>", "what the seed is for; its file's name says so by default").choices(
        ["node", "client", "operator"],
      ),
    )
    .option("--name <name>", "whose seed it is; its file's name says so by default")
    .option("--monitor <url>", "the server's monitoring, http://host:port")
    .option("--json", "print a JSON document")
    .action(doctor);
}

async function doctor(options: DoctorCommandOptions): Promise<void> {
  const url = options.nats ?? process.env["TROUPE_NATS_URL"] ?? "";
  if (url === "")
    throw new CommandError(ExitCode.usage, "no server: give --nats URL, or set TROUPE_NATS_URL");
  const seedFile = fileOf(options.nkey ?? process.env["TROUPE_NATS_NKEY"]);
  const given = credentialsOf(options).credentials;
  const said = seedHolder(given, process.env);
  const credentials = loadCredentials(given, process.env);
  const examination = await examine({
    target: {
      url,
      cluster: options.cluster,
      name: options.name ?? said?.name ?? `doctor-${process.pid}`,
      credentials,
    },
    role: options.as ?? said?.role ?? "operator",
    clock: awaitedClock,
    ...(options.monitor === undefined ? {} : { monitor: options.monitor }),
    ...(seedFile === undefined ? {} : { seedFile }),
  });
  const findings = findingsOf(examination);
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ v: 1, nats: url, cluster: options.cluster, findings })}\n`
      : `${findings.map(lineFor).join("\n")}\n`,
  );
  if (findings.some(({ verdict }) => verdict === "fail")) process.exitCode = ExitCode.failed;
}

function lineFor({ check, verdict, says, todo }: Finding): string {
  return `${MARKS[verdict]} ${check}: ${says}${todo === undefined ? "" : `\n        → ${todo}`}`;
}

/** The file, unless the seed itself was given. */
function fileOf(nkey: string | undefined): string | undefined {
  return nkey === undefined || nkey === "" || nkey.startsWith("SU") ? undefined : nkey;
}
