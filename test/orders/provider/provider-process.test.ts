import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BehaviourSettings } from '../../../processors/orders/provider/behaviour.ts';
import { startProvider } from '../../../runtime/orders/provider-process.ts';
import type { ProviderProcess } from '../../../runtime/orders/provider-process.ts';

const settings: BehaviourSettings = {
  seed: 1,
  latencyMs: 0,
  declineRate: 0,
  cutRate: 0,
  outage: undefined,
  answers: 'by-turn',
};

let folder: string;
let ledger: string;
const started: ProviderProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'provider-process-'));
  ledger = join(folder, 'provider', 'ledger.jsonl');
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((provider) => provider.stop()));
  await rm(folder, { recursive: true });
});

async function start(change: Partial<BehaviourSettings> = {}): Promise<ProviderProcess> {
  const provider = await startProvider(ledger, { ...settings, ...change });
  started.push(provider);
  return provider;
}

async function pidOf({ url }: ProviderProcess): Promise<number> {
  const health = (await (await fetch(`${url}/health`)).json()) as { pid: number };
  return health.pid;
}

describe('startProvider', () => {
  test('starts a provider in a process of its own, with its folder', async () => {
    const provider = await start();
    expect(await pidOf(provider)).not.toBe(process.pid);
    expect(await readFile(ledger, 'utf8')).toBe('');
  });

  test('goes on with the provider that an earlier runner left behind', async () => {
    const first = await start();
    const second = await start();
    expect(second.url).toBe(first.url);
    expect(await pidOf(second)).toBe(await pidOf(first));
  });

  test('replaces a provider that behaves otherwise', async () => {
    const first = await pidOf(await start());
    const second = await pidOf(await start({ declineRate: 0.5 }));
    expect(second).not.toBe(first);
  });

  test('has stopped the provider when stop resolves', async () => {
    const provider = await start();
    await provider.stop();
    await expect(fetch(`${provider.url}/health`)).rejects.toThrow('fetch failed');
    await provider.stop();
  });

  test('says in the provider’s words why it does not start', async () => {
    await start().then((provider) => provider.stop());
    await rm(ledger);
    await mkdir(ledger);
    await expect(start()).rejects.toThrow(
      `the payment provider ended with code 3: provider: ledger "${ledger}" cannot be used: EISDIR`,
    );
  });
});
