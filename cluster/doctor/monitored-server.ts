/**
 * What a server tells of itself over HTTP, where its monitoring is on.
 *
 * Owns: where that usually is, and reading it.
 */
import { statfs } from "node:fs/promises";
import { millis } from "nats";
import type { Clock } from "../../runtime/ports/clock.ts";
import { attempted } from "./attempted.ts";
import type { MonitoredServer } from "./examination.ts";

const ANSWER_MS = 3_000;
/** Where `troupe nats init` puts the monitoring, counted from the server's port. */
const MONITOR_OFFSET = 4_000;
const USUAL_PORT = 4_222;
const USUAL_MONITOR = 8_222;

/** What the first of `urls` that answers tells; `undefined` when none does. */
export async function monitoredAt(
  urls: readonly string[],
  clock: Clock,
): Promise<MonitoredServer | undefined> {
  for (const url of urls) {
    const found = await attempted(() => monitored(url, clock));
    if (found !== undefined) return found;
  }
  return undefined;
}

interface Varz {
  readonly max_pending?: number;
  readonly max_connections?: number;
  readonly connections?: number;
  readonly jetstream?: {
    readonly config?: {
      readonly store_dir?: string;
      readonly max_storage?: number;
      readonly sync_interval?: number;
      readonly sync_always?: boolean;
    };
    readonly stats?: { readonly storage?: number };
  };
}

async function monitored(url: string, clock: Clock): Promise<MonitoredServer> {
  const abort = new AbortController();
  const cancel = clock.after(ANSWER_MS, () => abort.abort());
  try {
    const answer = await fetch(`${url.replace(/\/$/, "")}/varz`, { signal: abort.signal });
    const varz = (await answer.json()) as Varz;
    const { config, stats } = varz.jetstream ?? {};
    const folder = config?.store_dir;
    return {
      maxPendingBytes: varz.max_pending,
      maxConnections: varz.max_connections,
      connections: varz.connections,
      store:
        folder === undefined
          ? undefined
          : {
              folder,
              maxFileBytes: config?.max_storage ?? 0,
              usedFileBytes: stats?.storage ?? 0,
              syncMs: millis(config?.sync_interval ?? 0),
              syncAlways: config?.sync_always === true,
              freeBytes: isHere(url) ? await attempted(() => freeBytesAt(folder)) : undefined,
            },
    };
  } finally {
    cancel();
  }
}

/** Where a server of this machine usually tells of itself. */
export function monitorsOf(url: string): readonly string[] {
  const first = url.split(",")[0]?.trim() ?? "";
  if (!isHere(first)) return [];
  const port = Number(/:(\d+)\/?$/.exec(first)?.[1] ?? USUAL_PORT);
  return [...new Set([port + MONITOR_OFFSET, USUAL_MONITOR])].map(
    (monitor) => `http://127.0.0.1:${monitor}`,
  );
}

function isHere(url: string): boolean {
  return /^(?:[a-z]+:\/\/)?(?:[^@/]*@)?(?:localhost|127\.[0-9.]+)(?::|\/|$)/.test(url);
}

async function freeBytesAt(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
