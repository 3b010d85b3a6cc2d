/** The layers of the house: that the linter holds them, and that each package has its one home. */
import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import t from "tap";
import { importsOf, ROOT, read, sourcesUnder } from "./repository.ts";

const run = promisify(execFile);

/** What each layer may import of ours. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  runtime: [],
  protocols: ["runtime"],
  cluster: ["runtime"],
  actors: ["protocols", "runtime"],
};
const FOLDERS = [...Object.keys(LAYERS), "cli"];

/** Where each package may be imported: files, or folders. */
const HOMES: Readonly<Record<string, string | readonly string[]>> = {
  "@nats-io/jetstream": ["cluster/", "benchmarks/cluster/"],
  "@nats-io/kv": "cluster/",
  "@nats-io/nkeys": "cluster/",
  "@nats-io/obj": "cluster/stores/",
  "@xstate/store": ["cluster/membership/membership-view.ts", "runtime/store/"],
  commander: "cli/",
  "hdr-histogram-js": "runtime/load/latency.ts",
  jiti: "cli/",
  "log-update": "examples/licence-review/progress.ts",
  msgpackr: "cluster/wire/packing.ts",
  nats: ["cluster/", "benchmarks/cluster/"],
  ollama: "actors/models/ollama-client.ts",
  pino: "runtime/log.ts",
  selfsigned: "cluster/security/",
  "spdx-expression-parse": "examples/licence-review/",
  // Data, read as a file.
  "spdx-license-list": "examples/licence-review/",
  undici: "actors/models/",
  xstate: ["runtime/lifecycle.ts", "runtime/machine/", "examples/08-machine-actor.ts"],
};

const SOURCES = ["index.ts", ...[...FOLDERS, "examples", "benchmarks"].flatMap(sourcesUnder)];

/** The files that the linter faults for a rule, in a tree of planted sources. */
async function faulted(
  planted: Readonly<Record<string, string>>,
  rule: string,
): Promise<{ readonly exitCode: number; readonly files: ReadonlySet<string> }> {
  const folder = await mkdtemp(join(tmpdir(), "troupe-layers-"));
  try {
    await copyFile(join(ROOT, "biome.json"), join(folder, "biome.json"));
    await copyFile(join(ROOT, "package.json"), join(folder, "package.json"));
    for (const [path, source] of Object.entries(planted)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), source);
    }
    const biome = join(ROOT, "node_modules", ".bin", "biome");
    const flags = ["lint", "--max-diagnostics=none", "--colors=off", "."];
    const { code, stdout, stderr } = await run(biome, flags, { cwd: folder }).then(
      (said) => ({ code: 0, ...said }),
      (error: { readonly code: number; readonly stdout: string; readonly stderr: string }) => error,
    );
    const lines = `${stdout}\n${stderr}`.split("\n").filter((line) => line.includes(`/${rule} `));
    const files = lines.map((line) => line.slice(0, line.indexOf(":")));
    return { exitCode: code, files: new Set(files) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

t.test("The linter", async (t) => {
  t.test("refuses every import that a layer may not have, and no other", async (t) => {
    const planted: Record<string, string> = {};
    const expected: string[] = [];
    for (const [layer, allowed] of Object.entries(LAYERS)) {
      for (const other of [...FOLDERS, "gateway"]) {
        if (other === layer) continue;
        const path = `${layer}/imports-${other}.ts`;
        planted[path] =
          `import { thing } from "../${other}/thing.ts";\nexport const it: number = thing;\n`;
        if (!allowed.includes(other)) expected.push(path);
      }
    }
    for (const folder of FOLDERS) {
      planted[`${folder}/thing.ts`] = "export const thing: number = 1;\n";
    }
    const { exitCode, files } = await faulted(planted, "noRestrictedImports");
    t.equal(exitCode, 1);
    t.strictSame(files, new Set(expected));
  });

  t.test("refuses cycles, undeclared packages and the console", async (t) => {
    const faults: Readonly<Record<string, Readonly<Record<string, string>>>> = {
      noImportCycles: {
        "runtime/a.ts": 'import { b } from "./b.ts";\nexport const a = (): number => b();\n',
        "runtime/b.ts": 'import { a } from "./a.ts";\nexport const b = (): number => a();\n',
      },
      noUndeclaredDependencies: {
        "runtime/a.ts": 'import { pad } from "left-pad";\nexport const a: unknown = pad;\n',
      },
      noConsole: { "actors/a.ts": 'console.log("here");\n' },
    };
    for (const [rule, planted] of Object.entries(faults)) {
      const { exitCode, files } = await faulted(planted, rule);
      t.equal(exitCode, 1, rule);
      t.strictSame(files, new Set(Object.keys(planted)), rule);
    }
  });
});

t.test("Packages", async (t) => {
  const { dependencies } = JSON.parse(read("package.json")) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };

  t.test("are imported in their homes only", async (t) => {
    for (const path of SOURCES) {
      for (const name of importsOf(path).map(packageOf)) {
        if (name === undefined || name === "troupe") continue;
        t.ok(
          homesOf(name).some((home) => path.startsWith(home)),
          `${path} imports ${name}`,
        );
      }
    }
  });

  t.test("are all used, and each has a home", async (t) => {
    t.strictSame(new Set(Object.keys(HOMES)), new Set(Object.keys(dependencies)));
    for (const name of Object.keys(HOMES)) {
      for (const home of homesOf(name)) {
        const users = SOURCES.filter((path) => path.startsWith(home));
        t.ok(
          users.some((path) => read(path).includes(`"${name}`)),
          `${home} uses ${name}`,
        );
      }
    }
  });

  t.test("are none of the protocols' business", async (t) => {
    for (const path of sourcesUnder("protocols")) {
      t.same(
        importsOf(path).filter((name) => packageOf(name) !== undefined),
        [],
        path,
      );
    }
  });
});

t.test("Time and randomness", async (t) => {
  t.test("come from the ports, in every layer below the command line", async (t) => {
    const ambient =
      /\b(?:Date\.now|Math\.random|performance\.now|setTimeout|setInterval|setImmediate)\(/;
    const users = Object.keys(LAYERS)
      .flatMap(sourcesUnder)
      .filter((path) => ambient.test(read(path)));
    t.same(users, [
      "runtime/ports/clock.ts",
      "runtime/ports/scheduler.ts",
      // These let real promises settle; their time is manual.
      "runtime/testing/manual-clock.ts",
      "runtime/testing/manual-scheduler.ts",
      "runtime/testing/turn-pump.ts",
    ]);
  });
});

/** Where a package may be imported; nowhere when it has no home. */
function homesOf(name: string): readonly string[] {
  return [HOMES[name] ?? []].flat();
}

/** The package that an import names; none for our own files and for Node's modules. */
function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith(".") || isBuiltin(specifier)) return undefined;
  const [scope = "", name] = specifier.split("/");
  return scope.startsWith("@") ? `${scope}/${name}` : scope;
}
