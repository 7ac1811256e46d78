import { expect, test } from 'vitest';
import { appendOnce } from '../../../../runtime/app/append-once.ts';
import type { DeadLetter } from '../../../../runtime/app/dlq/letter.ts';
import { outdatedLetters } from '../../../../runtime/app/dlq/table-keys.ts';
import { RecordBatchBuilder } from '../../../../runtime/codec/batch-builder.ts';
import { MemoryLog } from '../../../../runtime/memory/memory-log.ts';
import { ManualClock } from '../../../../runtime/testing/manual-clock.ts';
import type { TopicPlan } from '../../../../topology/plan/plan.ts';

const letter = (topic: string, offset: number, key: string): DeadLetter =>
  ({
    id: `${topic}/${offset}`,
    key: Buffer.from(key),
    source: { topic, partition: 0, offset },
  }) as unknown as DeadLetter;

test('outdatedLetters finds letters of tables whose key has a later record', async () => {
  const log = new MemoryLog({ clock: new ManualClock(0) });
  const topics = new Map<string, TopicPlan>();
  for (const [name, role] of [
    ['rows', 'table'],
    ['events', 'stream'],
  ] as const) {
    topics.set(name, { name, role } as TopicPlan);
    await log.admin.create({ name, partitions: 1, cleanup: 'delete', retention: 'forever' });
    const builder = new RecordBatchBuilder();
    for (const key of ['a', 'b', 'a']) builder.appendPair(0, Buffer.from(key), null, []);
    const append = { topic: name, partition: 0, batch: builder.finish(), records: 3 };
    await appendOnce(log, 'test', append);
  }
  const letters = [
    letter('rows', 0, 'a'),
    letter('rows', 1, 'b'),
    letter('rows', 2, 'a'),
    letter('events', 0, 'a'),
  ];
  expect([...(await outdatedLetters(log, { topics }, letters))]).toEqual(['rows/0']);
});
