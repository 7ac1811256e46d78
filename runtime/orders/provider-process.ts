import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { BehaviourSettings } from '../../processors/orders/provider/behaviour.ts';
import { ledgerOwner } from '../../processors/orders/provider/ledger.ts';
import { behaviourArguments, providerIdentity } from '../../processors/orders/provider/options.ts';
import { listeningPort } from './listening-port.ts';
import { stopProcess } from './stop-process.ts';

/** A payment provider that runs in a process of its own. */
export interface ProviderProcess {
  readonly url: string;
  /** Ends it; resolves when it is gone. */
  stop(): Promise<void>;
}

const script = fileURLToPath(new URL('../../processors/orders/provider/main.ts', import.meta.url));
/** A provider whose runner was killed waits this long for the next one. */
const idleExit = '10m';
const startMs = 10_000;
const pollMs = 20;

/**
 * The provider of this ledger: the one that an earlier runner left behind (a runner that is killed does not take it along), or a new one.
 * @throws {ConfigError} PROVIDER_FAILED when it does not start, with its own words
 */
export async function startProvider(
  ledger: string,
  settings: BehaviourSettings,
): Promise<ProviderProcess> {
  await mkdir(dirname(ledger), { recursive: true });
  const left = await leftBehind(ledger);
  if (left !== undefined) {
    if (left.identity === providerIdentity(ledger, settings)) return left.provider;
    await left.provider.stop();
  }
  return spawnProvider(ledger, settings);
}

async function spawnProvider(
  ledger: string,
  settings: BehaviourSettings,
): Promise<ProviderProcess> {
  const args = [script, '--ledger', ledger, '--idle-exit', idleExit];
  // Detached: an interrupt from the terminal is for the runner, which then stops the provider.
  const child = spawn(process.execPath, [...args, ...behaviourArguments(settings)], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const url = `http://127.0.0.1:${await listeningPort(child, 'the payment provider')}`;
  child.stdout?.destroy();
  child.stderr?.destroy();
  child.unref();
  return { url, stop: () => stopProcess(child.pid as number) };
}

/** A live provider of this ledger that answers; one that is just starting gets the time to. */
async function leftBehind(
  ledger: string,
): Promise<{ readonly provider: ProviderProcess; readonly identity: string } | undefined> {
  for (let waited = 0; waited < startMs; waited += pollMs) {
    const owner = await ledgerOwner(ledger);
    if (owner === undefined) return undefined;
    if (owner.port !== undefined) {
      const url = `http://127.0.0.1:${owner.port}`;
      const health = await readHealth(url);
      if (health?.pid === owner.pid) {
        const provider = { url, stop: () => stopProcess(owner.pid) };
        return { provider, identity: health.identity };
      }
    }
    await sleep(pollMs);
  }
  return undefined;
}

async function readHealth(
  url: string,
): Promise<{ readonly pid: number; readonly identity: string } | undefined> {
  try {
    const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(1000) });
    return (await response.json()) as { pid: number; identity: string };
  } catch {
    return undefined;
  }
}
