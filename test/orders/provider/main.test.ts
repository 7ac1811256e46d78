import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const main = resolve(import.meta.dirname, '../../../processors/orders/provider/main.ts');
let folder: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'provider-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(folder, { recursive: true });
});

/** Starts a provider and gives what it printed, once it listens or ends. */
function start(...args: string[]) {
  const child = spawn(process.execPath, [main, '--latency', '0ms', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let out = '';
  let err = '';
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const ended = new Promise<{ code: number | null; err: string }>((done) => {
    child.on('close', (code) => done({ code, err }));
  });
  const listening = new Promise<string>((done, fail) => {
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      const port = /^listening on (\d+)$/m.exec(out)?.[1];
      if (port !== undefined) done(`http://127.0.0.1:${port}`);
    });
    child.on('close', () => fail(new Error(`ended: ${err}`)));
  });
  listening.catch(() => {});
  return { child, ended, listening };
}

async function charge(url: string, key: string): Promise<unknown> {
  const response = await fetch(`${url}/charges`, {
    method: 'POST',
    headers: { 'idempotency-key': key },
    body: JSON.stringify({ orderId: key, customerId: 'c', amountCents: 10, currency: 'USD' }),
  });
  return response.json();
}

describe('the provider process', () => {
  test('answers a key after SIGKILL as it did before', async () => {
    const args = ['--ledger', join(folder, 'ledger'), '--decline-rate', '0.5', '--seed', '3'];
    const first = start(...args);
    const keys = Array.from({ length: 20 }, (_, i) => `k${i}`);
    const url = await first.listening;
    const before = await Promise.all(keys.map((key) => charge(url, key)));
    first.child.kill('SIGKILL');
    await first.ended;
    const again = await start(...args).listening;
    expect(await Promise.all(keys.map((key) => charge(again, key)))).toEqual(before);
    const totals = (await (await fetch(`${again}/ledger`)).json()) as Record<string, number>;
    expect((totals['charges'] ?? 0) + (totals['declined'] ?? 0)).toBe(20);
  });

  test('ends with code 3 and one line when its port is in use', async () => {
    const other = createServer();
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
    const { port } = other.address() as AddressInfo;
    const { ended } = start('--ledger', join(folder, 'ledger'), '--port', String(port));
    expect(await ended).toEqual({
      code: 3,
      err: `provider: port ${port} is in use: give another one with --port, or 0 for any\n`,
    });
    other.close();
  });

  test('ends with code 2 when an option is wrong', async () => {
    const { ended } = start('--ledger', join(folder, 'ledger'), '--outage', '2s/30s');
    const { code, err } = await ended;
    expect(code).toBe(2);
    expect(err).toContain('give two durations, the longer first, like 30s/2s');
  });

  test('ends with code 0 on SIGTERM, and by itself when it is idle', async () => {
    const first = start('--ledger', join(folder, 'ledger'));
    await first.listening;
    first.child.kill('SIGTERM');
    expect(await first.ended).toEqual({ code: 0, err: '' });
    const second = start('--ledger', join(folder, 'ledger'), '--idle-exit', '50ms');
    expect(await second.ended).toEqual({ code: 0, err: '' });
  });
});
