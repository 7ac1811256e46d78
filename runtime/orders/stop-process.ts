import { setTimeout as sleep } from 'node:timers/promises';

const stopMs = 5_000;
const pollMs = 20;

/** Asks a process to end, and kills it if it has not after 5 s. Resolves when it is gone. */
export async function stopProcess(pid: number): Promise<void> {
  if (!signalProcess(pid, 'SIGTERM')) return;
  for (let waited = 0; waited < stopMs; waited += pollMs) {
    await sleep(pollMs);
    if (!signalProcess(pid, 0)) return;
  }
  signalProcess(pid, 'SIGKILL');
}

/** False if there is no such process. */
function signalProcess(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
