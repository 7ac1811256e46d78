import { afterEach, describe, expect, test } from 'vitest';
import {
  mapAsync,
  type CallHandler,
  type ProcessStage,
  type StreamRecord,
} from '../../../processors/index.ts';
import { partitionOf } from '../../../topology/core/murmur2.ts';
import { plain, type PlainRecord } from '../codec/records.ts';
import { Cluster } from './cluster.ts';

const schemas = [
  '{ "type": "record", "name": "pay.Reply", "fields": [ { "name": "state", "type": { "type": "enum", "name": "pay.State", "symbols": ["OK"] } } ] }',
  '{ "type": "record", "name": "pay.Request", "fields": [ { "name": "order", "type": "string" } ] }',
];

const paying = `
application: pay
streams:
  orders:  { topic: orders, key: string, value: string, format: string }
  paid:    { topic: paid, key: string, value: string, format: string }
  unclear: { topic: unclear, key: string, value: string, format: string }
calls:
  payments: { request: pay.Request, reply: pay.Reply }
stages:
  charge:
    from: orders
    call: payments
    request: { order: key }
    idempotency-key: key
    timeout: 10s
    retry: { attempts: unlimited, backoff: 10ms, max: 100ms }
    concurrency: { limit: 20, order: per-key }
    outcomes:
      match: reply.state
      OK: { out: approved }
      unknown: { out: undecided }
  send-paid:    { from: charge.approved, to: paid }
  send-unclear: { from: charge.undecided, to: unclear }
`;

/** A service that answers when the test says so. */
class Service {
  readonly asked: { readonly key: string; readonly aborted: () => boolean; answer: () => void }[] =
    [];

  readonly handler: CallHandler = (_request, { idempotencyKey: key, signal }) =>
    new Promise((resolve) => {
      const answer = (): void => resolve({ state: 'OK' });
      this.asked.push({ key, aborted: () => signal.aborted, answer });
    });
}

const order = (key: string): PlainRecord => plain(key, 'x', 1);
const keys = Array.from({ length: 16 }, (_, i) => `k${i}`);

describe('a task that is handed over', () => {
  let cluster: Cluster;

  afterEach(() => cluster.close());

  test.each(['leaves', 'dies', 'is expelled', 'gives it up'])(
    'issues its open calls again with the same key when its owner %s',
    async (how) => {
      const service = new Service();
      const calls = { payments: service.handler };
      cluster = new Cluster(paying, { calls, schemas });
      await cluster.start('a');
      await cluster.send('orders', ...keys.map(order));
      await cluster.settle();
      expect(service.asked.map(({ key }) => key).sort()).toEqual(keys.toSorted());
      const first = service.asked.splice(0);
      if (how !== 'dies') await cluster.start('b');
      if (how === 'dies') {
        cluster.kill('a');
        cluster.fence('a');
        await cluster.start('b');
      } else if (how === 'leaves') {
        await cluster.stop('a');
      } else if (how === 'is expelled') {
        const zombie = cluster.log.cluster.expel('pay', 'a');
        await cluster.settle();
        zombie?.expelled();
      }
      await cluster.settle();
      const open = first.filter(({ aborted }) => !aborted()).map(({ key }) => key);
      // Late answers to the first owner are nobody's, unless it has the task still.
      for (const { answer } of first) answer();
      await cluster.settle();
      for (const { answer } of service.asked) answer();
      await cluster.settle();
      const again = service.asked.map(({ key }) => key);
      expect(again.every((key) => keys.includes(key))).toBe(true);
      for (const key of keys) expect(again.includes(key) || open.includes(key)).toBe(true);
      const paid = (await cluster.read('paid')).map(({ key }) => String(key));
      expect(paid.sort()).toEqual(keys.toSorted());
      expect(cluster.engines.reduce((sum, engine) => sum + engine.calls.outstanding, 0)).toBe(0);
    },
  );
});

const waiting = `
application: waiting
streams:
  in:  { topic: in, key: string, value: string, format: string }
  out: { topic: out, key: string, value: string, format: string }
stages:
  wait: { in: { in: in }, process: wait, out: { out: { key: string, value: string } } }
  send: { from: wait.out, to: out }
`;

describe('a batch that runs when its task is revoked', () => {
  let cluster: Cluster;
  /** Waits of each record, ended by the test. */
  let waits: Map<string, () => void>;

  async function start(): Promise<void> {
    waits = new Map();
    type Text = StreamRecord<string, string>;
    const wait: ProcessStage<{ readonly in: Text }, { readonly out: Text }> = (inputs) => ({
      out: inputs.in.pipe(
        mapAsync({ concurrency: 100, order: 'none' }, async (it: Text) => {
          if (it.value === 'x') await new Promise<void>((resolve) => waits.set(it.key, resolve));
          return it;
        }),
      ),
    });
    cluster = new Cluster(waiting, { functions: { wait } });
    await cluster.start('a');
    await cluster.send('in', ...keys.map((key) => plain(key, 'x', 1)));
    await cluster.settle();
    expect(cluster.engine('a').tasks.every(({ state }) => state === 'busy')).toBe(true);
  }

  const written = async (): Promise<readonly string[]> =>
    (await cluster.read('out')).map(({ key }) => String(key)).sort();

  afterEach(() => cluster.close());

  test('is waited for and committed, if it ends soon', async () => {
    await start();
    const joined = cluster.start('b');
    for (let i = 0; i < 30; i++) await cluster.turn();
    expect(cluster.engine('a').tasks).toHaveLength(4);
    for (const end of waits.values()) end();
    waits.clear();
    await joined;
    await cluster.settle();
    expect([await written(), waits.size]).toEqual([keys.toSorted(), 0]);
  });

  test('does not keep the other tasks from going on', async () => {
    await start();
    // Tasks that the member keeps have nothing to wait for.
    const kept = [0, 1];
    for (const [key, end] of waits) {
      if (!kept.includes(partitionOf(Buffer.from(key), 4))) continue;
      waits.delete(key);
      end();
    }
    const joined = cluster.start('b');
    for (let round = 1; round <= 5; round++) {
      await cluster.send('in', ...keys.map((key) => plain(key, 'go on', 2)));
      for (let i = 0; i < 10; i++) await cluster.turn();
      const values = (await cluster.read('out')).filter(({ value }) => String(value) !== 'x');
      const mine = keys.filter((key) => kept.includes(partitionOf(Buffer.from(key), 4)));
      expect(values).toHaveLength(round * mine.length);
    }
    expect(cluster.engine('a').tasks).toHaveLength(4);
    for (const end of waits.values()) end();
    await joined;
    await cluster.settle();
    expect(cluster.engine('a').tasks.map(({ partition }) => partition)).toEqual(kept);
    expect(await written()).toHaveLength(6 * keys.length);
  });

  test('is dropped after a while, and read again by the next owner', async () => {
    await start();
    const joined = cluster.start('b');
    for (let i = 0; i < 30; i++) await cluster.turn();
    cluster.clock.advanceTo(cluster.clock.now() + 1000);
    await joined;
    await cluster.settle();
    expect(cluster.engine('a').tasks).toHaveLength(2);
    expect(await written()).toEqual([]);
    for (let i = 0; i < 3; i++) {
      for (const end of waits.values()) end();
      await cluster.settle();
    }
    expect(await written()).toEqual(keys.toSorted());
  });
});
