/**
 * The form of keys and of the filters that select them.
 *
 * A key is tokens of letters, digits, `_`, `-` and `=`, joined by `.`; a filter may use `*` for one
 * token and a final `>` for one or more.
 */

const TOKEN = /^[A-Za-z0-9_=-]+$/;
const BUCKET = /^[A-Za-z0-9_-]{1,128}$/;
const LONGEST = 512;

/** Whether a text is of the form above and no longer than 512 characters. */
export function isKey(key: string): boolean {
  return key.length <= LONGEST && key.split(".").every((token) => TOKEN.test(token));
}

/**
 * The key itself.
 *
 * @throws {TypeError} when it is not of the form above or longer than 512 characters
 */
export function checkedKey(key: string): string {
  if (isKey(key)) return key;
  throw new TypeError(
    `not a key: ${JSON.stringify(key)} (tokens of A-Z a-z 0-9 _ - = joined by .)`,
  );
}

/**
 * The filter itself.
 *
 * @throws {TypeError} when it is not of the form above or longer than 512 characters
 */
export function checkedFilter(filter: string): string {
  const tokens = filter.split(".");
  const fits = tokens.every(
    (token, at) =>
      token === "*" || (token === ">" && at === tokens.length - 1) || TOKEN.test(token),
  );
  if (fits && filter.length <= LONGEST) return filter;
  throw new TypeError(`not a filter: ${JSON.stringify(filter)} (a key, with * or a final >)`);
}

/**
 * The name itself, when it may name a bucket.
 *
 * @throws {TypeError} unless it is 1 to 128 of letters, digits, `_` and `-`
 */
export function checkedBucket(bucket: string): string {
  if (BUCKET.test(bucket)) return bucket;
  throw new TypeError(`not a bucket name: ${JSON.stringify(bucket)} (1 to 128 of A-Z a-z 0-9 _ -)`);
}

/** Whether a filter selects a key. */
export function filterMatches(filter: string, key: string): boolean {
  if (filter === ">") return true;
  const wanted = filter.split(".");
  const tokens = key.split(".");
  for (let at = 0; at < wanted.length; at++) {
    if (wanted[at] === ">") return tokens.length > at;
    if (tokens[at] === undefined) return false;
    if (wanted[at] !== "*" && wanted[at] !== tokens[at]) return false;
  }
  return tokens.length === wanted.length;
}
