import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../runtime/app/system-clock.ts';
import { openWire } from '../../../runtime/kafka/carrier/open-wire.ts';
import { KafkaAdmin } from '../../../runtime/kafka/kafka-admin.ts';
import { partitionEnds } from '../../../runtime/kafka/offsets.ts';
import type { KafkaWire, NodeId } from '../../../runtime/kafka/wire.ts';
import { requireCluster, uniqueName } from '../harness/require.ts';

const cluster = requireCluster({ brokers: 3, separateController: true });
/** Longest time for the cluster to notice that a broker is gone and to move what it led, ms. */
const patienceMs = 60_000;
let wire: KafkaWire;
let admin: KafkaAdmin;

beforeEach(async () => {
  wire = await openWire({ kafka: { brokers: cluster().brokers }, clock: systemClock });
  admin = new KafkaAdmin(wire, systemClock, { replicationFactor: 3 });
});

afterEach(async () => {
  await wire.close();
});

async function topic(): Promise<string> {
  const name = uniqueName('orders');
  await admin.create({ name, partitions: 6, cleanup: 'delete', retention: 'forever' });
  return name;
}

async function leaders(name: string): Promise<readonly NodeId[]> {
  const topics = await wire.topics([name], true);
  return topics.get(name)?.partitions.map(({ leader }) => leader) ?? [];
}

async function ends(name: string): Promise<readonly number[]> {
  const partitions = Array.from({ length: 6 }, (_, partition) => ({ topic: name, partition }));
  const asking = { wire, clock: systemClock, patienceMs };
  return (await partitionEnds(asking, partitions, 'uncommitted')).map(({ end }) => end);
}

/** Kills a node for the time of an action. */
async function without(node: NodeId, act: () => Promise<void>): Promise<void> {
  await cluster().node(node).kill();
  try {
    await act();
  } finally {
    await cluster().node(node).start();
  }
}

describe('a cluster of three', () => {
  test('has topics with replicas on all of them', async () => {
    const name = await topic();
    const partitions = (await wire.topics([name])).get(name)?.partitions ?? [];
    expect(partitions.map(({ replicas }) => [...replicas].sort((a, b) => a - b))).toEqual(
      Array.from({ length: 6 }, () => [1, 2, 3]),
    );
    expect(new Set(partitions.map(({ leader }) => leader))).toEqual(new Set([1, 2, 3]));
  });

  test(
    'goes on answering for all partitions when a leader is killed',
    async () => {
      const name = await topic();
      const [victim = -1] = await leaders(name);
      await without(victim, async () => {
        expect(await ends(name)).toEqual([0, 0, 0, 0, 0, 0]);
        expect(await leaders(name)).not.toContain(victim);
      });
    },
    patienceMs * 2,
  );

  test(
    'has another coordinator when the one of a group is killed',
    async () => {
      const name = await topic();
      const group = uniqueName('shop');
      const positions = [{ topic: name, partition: 0, offset: 0 }];
      await admin.setPositions(group, positions);
      const victim = await wire.coordinator(group, 'group');
      await without(victim, async () => {
        await admin.setPositions(group, positions);
        expect(await wire.coordinator(group, 'group')).not.toBe(victim);
        expect(await admin.groups()).toContain(group);
      });
    },
    patienceMs * 2,
  );

  test(
    'makes topics while the broker that was asked first is down',
    async () => {
      await without(1, async () => {
        const two = new KafkaAdmin(wire, systemClock, { replicationFactor: 2 });
        const name = uniqueName('made');
        const spec = { name, partitions: 2, cleanup: 'compact', retention: 'forever' } as const;
        expect(await two.create(spec)).toMatchObject(spec);
      });
    },
    patienceMs * 2,
  );

  test(
    'is found through any of its brokers',
    async () => {
      await without(1, async () => {
        const found = await openWire({ kafka: { brokers: cluster().brokers }, clock: systemClock });
        await expect
          .poll(async () => (await found.cluster()).nodes.map(({ id }) => id), { timeout: 30_000 })
          .toEqual([2, 3]);
        await found.close();
      });
      await expect
        .poll(async () => (await wire.cluster()).nodes.length, { timeout: 30_000 })
        .toBe(3);
      expect((await wire.versions(1)).size).toBeGreaterThan(10);
    },
    patienceMs * 2,
  );
});
