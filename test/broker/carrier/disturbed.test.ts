import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../runtime/app/system-clock.ts';
import { openWire } from '../../../runtime/kafka/carrier/open-wire.ts';
import { call } from '../../../runtime/kafka/client.ts';
import { KafkaAdmin } from '../../../runtime/kafka/kafka-admin.ts';
import { listOffsets } from '../../../runtime/kafka/messages/list-offsets.ts';
import type { KafkaWire } from '../../../runtime/kafka/wire.ts';
import { requireCluster } from '../harness/require.ts';

const cluster = requireCluster({ proxied: true });
const node = 1;
let wire: KafkaWire;

beforeAll(async () => {
  wire = await open();
  await new KafkaAdmin(wire, systemClock).create({
    name: 'orders',
    partitions: 1,
    cleanup: 'delete',
    retention: 'forever',
  });
  await wire.close();
});

beforeEach(async () => {
  wire = await open();
  return () => wire.close();
});

afterAll(() => wire?.close());

function open(): Promise<KafkaWire> {
  return openWire({ kafka: { brokers: cluster().brokers }, clock: systemClock });
}

/** Code and end of the one partition. */
async function end(timeoutMs = 10_000): Promise<readonly [code: number, offset: number]> {
  const request = {
    replicaId: -1,
    isolationLevel: 0,
    topics: [
      {
        name: 'orders',
        partitions: [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -1 }],
      },
    ],
  };
  const answer = await call(wire, node, listOffsets, request, { timeoutMs });
  const [found] = answer.topics[0]?.partitions ?? [];
  return [found?.errorCode ?? -2, found?.offset ?? -2];
}

describe('a request', () => {
  test('fails in time when nothing passes any more, and works again afterwards', async () => {
    expect(await end()).toEqual([0, 0]);
    cluster().proxy(node).stall();
    await expect(end(300)).rejects.toMatchObject({ code: 'KAFKA_TIMEOUT', outcome: 'unknown' });
    cluster().proxy(node).unstall();
    expect(await end()).toEqual([0, 0]);
  });

  test('is not given an answer that was for one before it', async () => {
    expect(await end()).toEqual([0, 0]);
    const held = cluster()
      .proxy(node)
      .hold(({ apiKey }) => apiKey === listOffsets.key, { part: 'response', limit: 1 });
    await expect(end(300)).rejects.toMatchObject({ code: 'KAFKA_TIMEOUT' });
    const next = wire.versions(node);
    held.release();
    expect((await next).get(listOffsets.key)?.[1]).toBeGreaterThan(5);
    expect(await end()).toEqual([0, 0]);
  });

  test('fails when its connection is cut, and the next one works', async () => {
    expect(await end()).toEqual([0, 0]);
    const held = cluster()
      .proxy(node)
      .hold(({ apiKey }) => apiKey === listOffsets.key);
    const cut = end();
    cut.catch(() => {});
    await held.waitFor(1);
    cluster().proxy(node).cut();
    held.drop();
    await expect(cut).rejects.toMatchObject({ code: 'KAFKA_DISCONNECTED', outcome: 'unknown' });
    expect(await end()).toEqual([0, 0]);
  });

  test('fails unsent while connections are refused, and works again afterwards', async () => {
    cluster().proxy(node).refuse();
    cluster().proxy(node).cut();
    await expect
      .poll(() => end().catch((error: { outcome?: string }) => error.outcome))
      .toBe('unsent');
    cluster().proxy(node).accept();
    expect(await end()).toEqual([0, 0]);
  });

  test('takes longer over a slow connection', async () => {
    cluster().proxy(node).delay(150);
    const from = performance.now();
    expect(await end()).toEqual([0, 0]);
    expect(performance.now() - from).toBeGreaterThan(290);
    cluster().proxy(node).delay(0);
  });
});

describe('a broker that is started again', () => {
  test('is reached by the same wire', async () => {
    expect(await end()).toEqual([0, 0]);
    await cluster().node(node).stop();
    await expect(end()).rejects.toMatchObject({ name: 'WireError' });
    await cluster().node(node).start();
    await expect.poll(() => end().catch(String), { timeout: 30_000 }).toEqual([0, 0]);
  }, 90_000);

  test('answers again after it was frozen', async () => {
    expect(await end()).toEqual([0, 0]);
    cluster().node(node).pause();
    await expect(end(300)).rejects.toMatchObject({ code: 'KAFKA_TIMEOUT', outcome: 'unknown' });
    await expect(end(300)).rejects.toMatchObject({ code: 'KAFKA_UNREACHABLE', outcome: 'unsent' });
    cluster().node(node).resume();
    expect(await end()).toEqual([0, 0]);
  });
});
