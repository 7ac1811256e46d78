import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startProvider } from '../../runtime/orders/provider-process.ts';
import { sample, writeBaskets } from '../chaos/baskets.ts';
import { Cli, cli, type CliResult } from '../runtime/cli/cli.ts';
import { requireCluster } from './harness/require.ts';

vi.setConfig({ testTimeout: 240_000 });

const root = resolve(import.meta.dirname, '../..');
const start = join(root, 'runtime/orders/start.ts');
const topology = 'topology/orders/orders.yaml';
const count = 400;
const cluster = requireCluster();

/** Answers are a function of the key. */
const behaviour = {
  seed: 7,
  latencyMs: 2,
  declineRate: 0.1,
  cutRate: 0,
  outage: undefined,
  answers: 'by-key',
} as const;

let folder: string;
let orders: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orders-on-kafka-'));
  orders = join(folder, 'baskets.avro');
  await writeBaskets(orders, await sample(count));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

interface Output {
  readonly key: string;
  readonly value: unknown;
}

/** Key → what was written to a topic under it, in order. */
async function outputOf(topic: string, place: readonly string[]): Promise<Map<string, unknown[]>> {
  const { code, stdout, stderr } = await cli(['topics', 'read', topic, ...place], { cwd: root });
  expect([code, stderr]).toEqual([0, '']);
  const byKey = new Map<string, unknown[]>();
  for (const line of stdout.split('\n').filter((text) => text !== '')) {
    const { key, value } = JSON.parse(line) as Output;
    byKey.set(key, [...(byKey.get(key) ?? []), value]);
  }
  return new Map([...byKey].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function load(place: readonly string[], payments: string): Promise<CliResult> {
  const args = ['--orders', orders, '--payments', payments, '--short-share', '0', '--json'];
  return cli([...args, ...place], { cwd: root, script: start });
}

/** Starts a member beside the one that loads, and waits until it runs. */
async function member(place: readonly string[], payments: string): Promise<Cli> {
  const started = new Cli(['run', topology, ...place], {
    cwd: root,
    env: { PAYMENTS_URL: payments },
  });
  await started.until(({ stderr }) => stderr.includes('application "orders" runs on Kafka'));
  return started;
}

describe('the order system', () => {
  test('commits the same output per key on Kafka, by two members, as on the embedded log', async () => {
    const embedded = ['--data', join(folder, 'embedded')];
    const brokers = cluster().brokers;
    const kafka = ['--log', 'kafka', '--brokers', brokers.join(), '--data', join(folder, 'kafka')];
    const first = await startProvider(join(folder, 'one.jsonl'), behaviour);
    const second = await startProvider(join(folder, 'two.jsonl'), behaviour);
    try {
      expect(await load(embedded, first.url)).toMatchObject({ code: 0 });
      const other = await member(kafka, second.url);
      expect(await load(kafka, second.url)).toMatchObject({ code: 0 });
      other.process.kill('SIGTERM');
      const { code, stderr } = await other.ended;
      expect(code).toBe(0);
      // Both had a part of it: the member that did not load has taken records, too.
      expect(stderr).not.toContain('is stopped: 0 records');
      for (const topic of ['orders.status', 'orders.paid']) {
        const expected = await outputOf(topic, embedded);
        expect(expected.size).toBeGreaterThan(300);
        expect(await outputOf(topic, kafka)).toEqual(expected);
      }
    } finally {
      await Promise.all([first.stop(), second.stop()]);
    }
  });

  test('is refused a reset while it runs, and starts anew after one', async () => {
    const brokers = cluster().brokers;
    const kafka = ['--log', 'kafka', '--brokers', brokers.join(), '--data', join(folder, 'kafka')];
    const running = await member(kafka, 'http://127.0.0.1:1');
    const reset = (place: readonly string[]) =>
      cli(['reset', topology, '--yes', ...place], { cwd: root });
    expect(await reset(kafka)).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(
        /error\[APPLICATION_OWNED\] application "orders" is running: process \d+ is a member/,
      ) as string,
    });
    // From another machine only the group tells.
    const elsewhere = [...kafka.slice(0, -1), join(folder, 'elsewhere')];
    expect(await reset(elsewhere)).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('error[GROUP_ACTIVE]') as string,
    });
    running.process.kill('SIGTERM');
    await running.ended;
    expect(await reset(kafka)).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('application "orders" is reset') as string,
    });
    const { stdout } = await cli(['topics', '--json', ...kafka], { cwd: root });
    const names = (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name);
    expect(names.filter((name) => name.startsWith('orders-'))).not.toContain('orders-control');
    expect(await cli(['plan', topology, ...kafka], { cwd: root })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('has not run on Kafka at') as string,
    });
  });
});
