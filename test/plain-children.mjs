/**
 * Children of tests are plain Node processes.
 *
 * Loaded into each test process after tap's own set-up (`node-arg` in `.taprc`). That has every child, and
 * every child of a child, count the files it loads: nothing here reads those counts, and they double the time
 * that a process takes to start.
 */
import { env } from "node:process";
import processOnSpawn from "process-on-spawn";

processOnSpawn.removeAllListeners();
delete env.NODE_OPTIONS;
