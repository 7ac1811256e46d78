import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import avsc from 'avsc';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ledgerOwner } from '../../processors/orders/provider/ledger.ts';
import type { LedgerEntry } from '../../processors/orders/provider/ledger.ts';
import { openBaskets, readSchema } from '../../runtime/orders/input-schemas.ts';
import { sampleBaskets } from '../../runtime/orders/start-options.ts';
import type { SummaryJson } from '../../runtime/orders/summary.ts';

const script = resolve(import.meta.dirname, '../../runtime/orders/start.ts');
const count = 200;
/** Six applications start and end several times in a test. */
const timeoutMs = 180_000;
let folder: string;
let data: string;
let orders: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'start-'));
  data = join(folder, 'data');
  orders = join(folder, 'baskets.avro');
  await cutSample(orders, count);
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  const provider = await ledgerOwner(join(data, 'provider', 'ledger.jsonl'));
  if (provider !== undefined) process.kill(provider.pid, 'SIGKILL');
  await rm(folder, { recursive: true, maxRetries: 5 });
});

/** The first baskets of the sample, as a file of their own. */
async function cutSample(path: string, baskets: number): Promise<void> {
  const sample = await openBaskets(sampleBaskets);
  const type = avsc.Type.forSchema(await readSchema('retail-basket'));
  const chunks: Buffer[] = [];
  const encoder = new avsc.streams.BlockEncoder(type, { codec: 'deflate', blockSize: 4096 });
  encoder.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = once(encoder, 'end');
  let written = 0;
  for await (const { values } of sample.chunks(sample.start, 100)) {
    for (const basket of values) if (written++ < baskets) encoder.write(basket);
    if (written >= baskets) break;
  }
  encoder.end();
  await ended;
  await sample.close();
  await writeFile(path, Buffer.concat(chunks));
}

function start(...args: readonly string[]) {
  const all = [script, '--orders', orders, '--data', data, '--json', ...args];
  const child = spawn(process.execPath, all, { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const ended = new Promise<{ code: number | null; out: string; err: string }>((done) => {
    child.on('close', (code) => done({ code, out, err }));
  });
  return { child, ended };
}

async function finish(...args: readonly string[]): Promise<SummaryJson> {
  const { code, out, err } = await start(...args).ended;
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return JSON.parse(out) as SummaryJson;
}

async function chargedKeys(): Promise<string[]> {
  const text = await readFile(join(data, 'provider', 'ledger.jsonl'), 'utf8');
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => (JSON.parse(line) as LedgerEntry).key);
}

/** Resolves when the provider is there and its ledger has at least so many entries. */
async function charged(entries: number): Promise<void> {
  await expect
    .poll(
      () =>
        chargedKeys().then(
          ({ length }) => length,
          () => -1,
        ),
      { timeout: 60_000 },
    )
    .toBeGreaterThanOrEqual(entries);
}

describe('npm start', () => {
  test(
    'runs real baskets to the end, and adds nothing the second time',
    async () => {
      const first = await finish('--decline-rate', '0.1');
      expect(first).toMatchObject({
        placed: count,
        duplicates: 0,
        unknown: 0,
        deadLettered: 0,
        inFlight: 0,
        repeated: 0,
      });
      expect(first.rejected).toBeGreaterThan(2);
      expect(first.declined).toBeGreaterThan(5);
      expect(first.ledger).toMatchObject({ charges: first.paid, cents: first.paidCents });
      const letters = first.paid + first.rejected + first.short + first.declined;
      expect(first.services).toMatchObject({
        notifications: { letters, twice: 0, paidWithoutConfirmation: 0, holds: true },
        warehouse: { pickLists: first.paid, wrong: 0, holds: true },
        analytics: { revenueByStoreCents: first.paidCents, placedOrders: count, holds: true },
        fraud: {},
        loyalty: { wrong: 0, holds: true },
      });
      const { run: _, ...totals } = first;
      const { run, ...again } = await finish('--decline-rate', '0.1');
      expect(again).toEqual(totals);
      expect(run.orders).toBe(0);
    },
    timeoutMs,
  );

  test(
    'loses and doubles nothing when it is killed and started again',
    async () => {
      const args = ['--latency', '20ms', '--cut-rate', '0.05', '--short-share', '0'];
      for (const charges of [0, 40, 100]) {
        const { child, ended } = start(...args);
        await charged(charges);
        child.kill('SIGKILL');
        await ended;
      }
      const summary = await finish(...args);
      expect(summary).toMatchObject({ placed: count, short: 0, inFlight: 0, repeated: 0 });
      const keys = await chargedKeys();
      expect(new Set(keys).size).toBe(keys.length);
      expect(keys).toHaveLength(summary.paid + summary.declined);
    },
    timeoutMs,
  );

  test(
    'ends with code 130 when it is interrupted, and goes on later',
    async () => {
      const { child, ended } = start('--latency', '200ms');
      await charged(1);
      child.kill('SIGINT');
      expect(await ended).toEqual({
        code: 130,
        out: '',
        err: 'interrupted: what is committed stays; start again to go on\n',
      });
      expect(await ledgerOwner(join(data, 'provider', 'ledger.jsonl'))).toBeUndefined();
      expect(await finish()).toMatchObject({ placed: count, inFlight: 0, repeated: 0 });
    },
    timeoutMs,
  );

  test(
    'ends with code 3 and one line when the file of baskets is none',
    async () => {
      await writeFile(orders, 'no avro');
      expect(await start().ended).toEqual({
        code: 3,
        out: '',
        err: `error[INPUT_FILE] file "${orders}" is no Avro object container file\n`,
      });
    },
    timeoutMs,
  );

  test('ends with code 2 when brokers are named but not Kafka', async () => {
    expect(await start('--brokers', 'localhost:9092').ended).toEqual({
      code: 2,
      out: '',
      err: 'error: --brokers names a Kafka cluster: add --log kafka\n',
    });
  });

  test(
    'ends with code 2 when an option is unknown',
    async () => {
      expect(await start('--order').ended).toMatchObject({ code: 2, out: '' });
    },
    timeoutMs,
  );
});
