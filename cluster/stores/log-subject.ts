/**
 * The subjects of event logs: `troupe.v1.<cluster>.log.<name>`, where the name keeps its dots. Its
 * neighbour `node-subject.ts` owns those on which nodes speak.
 */

const ROOT = "troupe.v1";

/** The subject of a log. */
export function logSubject(cluster: string, log: string): string {
  return `${ROOT}.${cluster}.log.${log}`;
}

/** The subjects of all logs of a cluster. */
export function logSubjects(cluster: string): string {
  return logSubject(cluster, ">");
}
