/**
 * The machine's own package sources, read so that a newer suite of the same mirror can be asked.
 *
 * Owns: the two formats of sources, one-line and deb822 (`man 5 sources.list`). Pure.
 */

/** A mirror of the machine's distribution. */
export interface AptMirror {
  readonly uri: string;
  /** The keyring that vouches for it, when the source names one as a path. */
  readonly signedBy: string | undefined;
}

/** A sources file: its name decides the format (`.sources` is deb822). */
export interface AptSourcesFile {
  readonly name: string;
  readonly text: string;
}

interface Source {
  readonly uris: readonly string[];
  readonly suites: readonly string[];
  readonly components: readonly string[];
  readonly signedBy: string | undefined;
}

/**
 * The mirrors that carry the machine's own release in the component `main`, without repeats.
 *
 * @param codename - of the machine's release, for example `bookworm`
 */
export function aptMirrors(files: readonly AptSourcesFile[], codename: string): AptMirror[] {
  const mirrors = new Map<string, AptMirror>();
  for (const file of files) {
    const sources = file.name.endsWith(".sources")
      ? deb822Sources(file.text)
      : lineSources(file.text);
    for (const { uris, suites, components, signedBy } of sources) {
      if (!suites.includes(codename) || !components.includes("main")) continue;
      for (const uri of uris) if (!mirrors.has(uri)) mirrors.set(uri, { uri, signedBy });
    }
  }
  return [...mirrors.values()];
}

/** `deb [option=value …] uri suite component …` */
function lineSources(text: string): Source[] {
  return text.split("\n").flatMap((line) => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]+)/.exec(line);
    if (match === null) return [];
    const signedBy = /(?:^|\s)signed-by=(\S+)/.exec(match[1] ?? "")?.[1];
    return [
      {
        uris: words(match[2]),
        suites: words(match[3]),
        components: words(match[4]),
        signedBy: pathIn(signedBy),
      },
    ];
  });
}

/** Paragraphs of `Field: values`, continued on indented lines. */
function deb822Sources(text: string): Source[] {
  const withoutComments = text.replaceAll(/^#.*\n?/gm, "");
  return withoutComments.split(/\n\s*\n/).flatMap((paragraph) => {
    const fields = new Map<string, string>();
    for (const [, name, value] of paragraph.matchAll(/^([A-Za-z-]+):((?:.*(?:\n[ \t].*)*))/gm))
      fields.set((name ?? "").toLowerCase(), value ?? "");
    const isBinary = words(fields.get("types")).includes("deb");
    const isEnabled = words(fields.get("enabled"))[0] !== "no";
    if (!isBinary || !isEnabled) return [];
    return [
      {
        uris: words(fields.get("uris")),
        suites: words(fields.get("suites")),
        components: words(fields.get("components")),
        signedBy: pathIn(fields.get("signed-by")),
      },
    ];
  });
}

function words(text: string | undefined): string[] {
  return (text ?? "").split(/\s+/).filter((word) => word !== "");
}

/** A keyring's path; an inlined key or a fingerprint is none. */
function pathIn(signedBy: string | undefined): string | undefined {
  return words(signedBy).find((word) => word.startsWith("/"));
}
