import type { TopicPartition } from '../../topology/core/topic-partition.ts';
import { readTo } from '../engine/changelog-reader.ts';
import type { Log } from '../ports.ts';
import { shopTopics } from './shop-serdes.ts';
import { TopicReader } from './topic-reader.ts';

const application = 'orders';

/**
 * Orders between two stages: records that wait in `orders.placed` or in a repartition topic of the order path, and calls in the journal. An order is in one of
 * these places at a time (E1).
 */
export async function countInFlight(log: Log): Promise<number> {
  return (await countWaiting(log, isOrderPath)) + (await countJournaled(log));
}

/** Records that the application has still to take, of all topics that it reads. */
export function countUnread(log: Log): Promise<number> {
  return countWaiting(
    log,
    (topic) => isOrderPath(topic) || isPickTopic(topic) || topic === shopTopics.deliveries,
  );
}

async function countWaiting(log: Log, matches: (topic: string) => boolean): Promise<number> {
  const waiting: TopicPartition[] = [];
  for (const { name, partitions } of await log.admin.list()) {
    if (!matches(name)) continue;
    for (let partition = 0; partition < partitions; partition++) {
      waiting.push({ topic: name, partition });
    }
  }
  const ends = await log.ends(waiting, 'committed');
  const committed = await log.committed(application, waiting);
  let records = 0;
  for (const { topic, partition, start, end } of ends) {
    const position = committed.find((at) => at.topic === topic && at.partition === partition);
    const offset = Math.max(start, position?.offset ?? start);
    // Offsets do not tell: on Kafka markers take some, too.
    await readTo(log, { topic, partition, offset }, end, (found) => {
      records += found.length;
    });
  }
  return records;
}

/** True for the topics in which orders, and not picks, wait for a stage. */
function isOrderPath(topic: string): boolean {
  if (topic === shopTopics.placed) return true;
  const internal = topic.startsWith(`${application}-`) && topic.endsWith('-repartition');
  return internal && !isPickTopic(topic);
}

/** True for the topics that picks travel on. */
export function isPickTopic(topic: string): boolean {
  return topic === 'orders.picked' || topic === `${application}-reserve-settle-repartition`;
}

/** Intents in the journal of the stage `charge`: what its changelog holds and does not delete. */
export async function countJournaled(log: Log): Promise<number> {
  const intents = new Set<string>();
  await new TopicReader(log, `${application}-charge-journal-changelog`).read(
    (record, partition) => {
      const intent = `${partition} ${record.key()?.toString('hex')}`;
      if (record.valueEnd < 0) intents.delete(intent);
      else intents.add(intent);
    },
  );
  return intents.size;
}
