/**
 * Takes secrets out of what people and other processes get to read: log lines, error messages, records of
 * errors.
 *
 * Owns: which values are secret, and what secrets look like that nobody has named. Where it is applied:
 * `log.ts` to each line, `troupe-error.ts` to what is said of an error.
 *
 * B1: a value that was added is replaced wherever it stands, as it is, escaped as in JSON, or as in a URL.
 * B2: seeds and private keys, `sk-…` keys, bearer tokens, JSON web tokens and the user part of URLs are
 *     replaced although nobody has named them.
 * B3: nothing else is changed, and values of fewer than {@link LEAST_LENGTH} characters are not secret: they
 *     would blank ordinary words.
 *
 * Cost: per text one search for each value, one for each shape; all are linear.
 */

/** What stands where a secret stood. */
export const HIDDEN = "[secret]";

const LEAST_LENGTH = 8;
/** The oldest are forgotten past that; a process has a handful. */
const MOST_SECRETS = 1_024;
const MOST_LEVELS = 32;

interface Shape {
  readonly pattern: RegExp;
  readonly instead: string;
}

const SHAPES: readonly Shape[] = [
  {
    pattern:
      /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----.{0,8192}?-----END [A-Z ]{0,30}PRIVATE KEY-----/gs,
    instead: HIDDEN,
  },
  // Seeds of nkeys: of users, accounts, operators, servers, clusters and for encryption.
  { pattern: /\bS[UAONCX][A-Z2-7]{56}\b/g, instead: HIDDEN },
  { pattern: /\bsk-[A-Za-z0-9_-]{16,}/g, instead: HIDDEN },
  { pattern: /\b(bearer) +[A-Za-z0-9._~+/=-]{8,}/gi, instead: `$1 ${HIDDEN}` },
  { pattern: /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g, instead: HIDDEN },
  { pattern: /([a-z][a-z0-9+.-]{0,31}:\/\/)[^\s/"'\\]{1,512}@/gi, instead: `$1${HIDDEN}@` },
];

/** Names of environment variables whose values are secret. */
const SECRET_NAME = /(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|NKEY|CREDENTIALS?)$/i;
/** Their values are where something secret lies, not the thing itself. */
const PATH = /^(?:\.{0,2}\/|[A-Za-z]:\\)/;

/** Replaces secrets; see the file's header. */
export class Scrubber {
  readonly #secrets = new Set<string>();

  /** From now on the value is secret. */
  add(value: string): void {
    if (value.length < LEAST_LENGTH) return;
    for (const form of formsOf(value)) this.#secrets.add(form);
    for (const oldest of this.#secrets) {
      if (this.#secrets.size <= MOST_SECRETS) return;
      this.#secrets.delete(oldest);
    }
  }

  /** The values of variables that are named like secrets are secret; paths are not. */
  addEnvironment(env: Readonly<Record<string, string | undefined>>): void {
    for (const [name, value] of Object.entries(env))
      if (value !== undefined && SECRET_NAME.test(name) && !PATH.test(value)) this.add(value);
  }

  /** The password of a URL, or the token in its place, is secret also where it stands alone. */
  addUrl(url: string): void {
    const [, user] = /^[a-z][a-z0-9+.-]*:\/\/([^/]+)@/i.exec(url) ?? [];
    if (user !== undefined) this.add(user.slice(user.indexOf(":") + 1));
  }

  /** The text without secrets. */
  scrubbed(text: string): string {
    let clean = text;
    for (const secret of this.#secrets)
      if (clean.includes(secret)) clean = clean.replaceAll(secret, HIDDEN);
    for (const { pattern, instead } of SHAPES) clean = clean.replace(pattern, instead);
    return clean;
  }

  /** Plain data without secrets in its strings; itself when it has none. */
  scrubbedData(value: unknown, levels: number = MOST_LEVELS): unknown {
    if (typeof value === "string") return this.scrubbed(value);
    if (typeof value !== "object" || value === null || levels === 0) return value;
    if (Array.isArray(value)) {
      const clean = value.map((item) => this.scrubbedData(item, levels - 1));
      return clean.some((item, at) => item !== value[at]) ? clean : value;
    }
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return value;
    const entries = Object.entries(value).map(
      ([name, field]) => [name, this.scrubbedData(field, levels - 1)] as const,
    );
    const fields = value as Readonly<Record<string, unknown>>;
    return entries.some(([name, field]) => field !== fields[name])
      ? Object.fromEntries(entries)
      : value;
  }
}

/**
 * The scrubber of this process. One for all: what is secret is so for every system in the process, and a log
 * or a crash does not say which of them it belongs to.
 */
export const processScrubber: Scrubber = new Scrubber();

function formsOf(value: string): ReadonlySet<string> {
  return new Set([value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)]);
}
