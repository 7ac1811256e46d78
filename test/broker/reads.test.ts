import { afterEach, expect, test } from 'vitest';
import { requireKafka, uniqueName } from './harness/require.ts';
import { Lab } from './lab.ts';

const kafka = requireKafka();
let lab: Lab;

afterEach(() => lab.close());

test('a record that is waited for comes with the request that waits', async () => {
  lab = await Lab.open(kafka().brokers);
  const member = await lab.join();
  const producer = await lab.producer();
  // A partition that has just been made may still refuse requests.
  await producer.commit(lab.transaction('first', 1), member);
  await lab.values();
  const here = { topic: lab.topic, partition: 0, offset: 2 };
  const before = lab.wire.sent.length;
  const waiting = lab.log.awaitRecords([here], 10_000, new AbortController().signal);
  await producer.commit(lab.transaction('v', 2), member);
  await waiting;
  expect((await lab.read(here)).values).toEqual(['v']);
  expect(lab.wire.sent.slice(before).filter((name) => name === 'Fetch')).toHaveLength(1);
});

test('a pending transaction lies between the committed and the uncommitted end, and is not read', async () => {
  lab = await Lab.open(kafka().brokers);
  const member = await lab.join();
  const producer = await lab.producer();
  const here = { topic: lab.topic, partition: 0, offset: 0 };
  const { promise: ending, resolve: end } = Promise.withResolvers<void>();
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  lab.wire.tap('EndTxn', async (request, send) => {
    reach();
    await ending;
    return send(request);
  });
  const committing = producer.commit(lab.transaction('v', 1), member);
  await reached;
  const ends = async (isolation: 'committed' | 'uncommitted'): Promise<number> =>
    (await lab.log.ends([here], isolation))[0]!.end;
  expect([await ends('committed'), await ends('uncommitted')]).toEqual([0, 1]);
  expect(await lab.read(here)).toEqual({ values: [], next: 0 });
  end();
  await committing;
  expect(await lab.values()).toEqual(['v']);
  expect([await ends('committed'), await ends('uncommitted')]).toEqual([2, 2]);
});

test('the ends of a compacted topic say how long it keeps tombstones', async () => {
  lab = await Lab.open(kafka().brokers);
  const own = uniqueName('own');
  const foreign = uniqueName('foreign');
  const spec = { partitions: 1, cleanup: 'compact', retention: 'forever' } as const;
  await lab.log.admin.create({ name: own, ...spec });
  await lab.createWith(foreign, { 'cleanup.policy': 'compact', 'delete.retention.ms': '1234' });
  const asked = [lab.topic, own, foreign].map((topic) => ({ topic, partition: 0 }));
  const ends = await lab.log.ends(asked, 'uncommitted');
  expect(
    ends.map(({ tombstonesFrom, tombstonesKeptMs }) => [tombstonesFrom, tombstonesKeptMs]),
  ).toEqual([
    [0, undefined],
    [0, 7 * 24 * 3_600_000],
    [0, 1234],
  ]);
});
