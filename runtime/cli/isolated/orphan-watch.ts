/*
 * A thread of a child process: ends the process when its runner is gone and it does not end by itself. The main thread may be in an endless loop of a processor,
 * and then does not learn that the channel to the runner is closed.
 */
import { workerData } from 'node:worker_threads';
import { closeGraceMs } from './close-grace.ts';

const everyMs = 500;
const runner = workerData as number;

const timer = setInterval(() => {
  if (process.ppid === runner) return;
  clearInterval(timer);
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), closeGraceMs);
}, everyMs);
