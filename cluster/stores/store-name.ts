/**
 * The names of a cluster's streams and buckets: `TROUPE_<cluster>_<what>`.
 *
 * A cluster name has no underscore here: `a_b` and its stream `c` would be `a` and its stream `b_c`.
 */

const CLUSTER = /^[A-Za-z0-9-]{1,64}$/;

/**
 * The name of a stream or bucket.
 *
 * @throws {TypeError} when the cluster's name has other characters than letters, digits and `-`
 */
export function storeName(cluster: string, what: string): string {
  if (CLUSTER.test(cluster)) return `TROUPE_${cluster}_${what}`;
  throw new TypeError(`not a cluster name: ${JSON.stringify(cluster)} (1 to 64 of A-Z a-z 0-9 -)`);
}

/** The stream behind a bucket. */
export function bucketStream(bucket: string): string {
  return `KV_${bucket}`;
}

/** The subject of a bucket's key, or of all keys that a filter selects. */
export function bucketSubject(bucket: string, key: string): string {
  return `$KV.${bucket}.${key}`;
}

/** The stream behind an object store. */
export function objectStream(store: string): string {
  return `OBJ_${store}`;
}

/** The subject under which an object store says what it keeps by a name. */
export function objectSubject(store: string, name: string): string {
  const encoded = Buffer.from(name).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
  return `$O.${store}.M.${encoded}`;
}
