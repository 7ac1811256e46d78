import { expect, test } from 'vitest';
import type { Asking } from '../../../runtime/kafka/ask-leaders.ts';
import { topicIdentities } from '../../../runtime/kafka/offsets.ts';
import type { KafkaWire, TopicMetadata } from '../../../runtime/kafka/wire.ts';
import { ManualClock } from '../../../runtime/testing/manual-clock.ts';

test('ids of topics are what the cluster says now, and another one for a topic created again', async () => {
  let ids = [1, 2];
  const remembered = new Map<string, TopicMetadata>();
  const topics: KafkaWire['topics'] = async (names, refresh = false) => {
    names.forEach((name, i) => {
      const id = Buffer.alloc(16, ids[i]);
      if ((refresh || !remembered.has(name)) && ids[i] !== undefined) {
        remembered.set(name, { name, id, internal: false, partitions: [] });
      }
    });
    return remembered;
  };
  const wire = { topics } as unknown as KafkaWire;
  const asking: Asking = { wire, clock: new ManualClock(), patienceMs: 0 };
  const found = async (): Promise<unknown> =>
    Object.fromEntries(await topicIdentities(asking, ['a', 'b', 'missing']));
  expect(await found()).toEqual({ a: 'AQEBAQEBAQEBAQEBAQEBAQ', b: 'AgICAgICAgICAgICAgICAg' });
  ids = [3, 2];
  expect(await found()).toEqual({ a: 'AwMDAwMDAwMDAwMDAwMDAw', b: 'AgICAgICAgICAgICAgICAg' });
});
