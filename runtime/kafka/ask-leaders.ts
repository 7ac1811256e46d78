import type { Clock } from '../../topology/core/clock.ts';
import { partitionId } from '../../topology/core/topic-partition.ts';
import type { TopicPartition } from '../../topology/core/topic-partition.ts';
import { refused } from './broker-error.ts';
import { byLeader } from './leaders.ts';
import { passes, Patience } from './patience.ts';
import type { KafkaWire, NodeId } from './wire.ts';

/** What a request asks with: connections, time, and how long to try again what passes by itself. */
export interface Asking {
  readonly wire: KafkaWire;
  readonly clock: Clock;
  /** ms */
  readonly patienceMs: number;
}

/** What one partition's leader said. */
export type LeaderAnswer<V> =
  | { readonly topic: string; readonly partition: number; readonly value: V }
  | { readonly topic: string; readonly partition: number; readonly errorCode: number };

/**
 * Asks the leader of each partition, all leaders at once, and again where a leader has moved or is not there, until all have answered. Values by partition id.
 * @param what - what is asked for, as an infinitive: `list offsets`
 * @throws {ConfigError} TOPIC_UNKNOWN, PARTITION_UNKNOWN, KAFKA_RIGHTS, KAFKA_REFUSED
 * @throws {StorageError} LOG_UNAVAILABLE when the patience is at an end
 */
export async function askLeaders<T extends TopicPartition, V>(
  { wire, clock, patienceMs }: Asking,
  partitions: readonly T[],
  what: string,
  ask: (node: NodeId, items: readonly T[]) => Promise<readonly LeaderAnswer<V>[]>,
): Promise<ReadonlyMap<string, V>> {
  const values = new Map<string, V>();
  const patience = new Patience(clock, patienceMs);
  let open = partitions;
  while (open.length > 0) {
    let failure: unknown;
    try {
      const { byNode, leaderless } = await byLeader(wire, open, patience.failures > 0);
      if (leaderless.length > 0) failure = refused(5, what, leaderless[0]);
      const asked = [...byNode].map(async ([node, items]) => {
        for (const answer of await ask(node, items)) {
          const { topic, partition } = answer;
          if ('value' in answer) values.set(partitionId(topic, partition), answer.value);
          else {
            const error = refused(answer.errorCode, `${what} of topic "${topic}"`, {
              topic,
              partition,
            });
            if (!passes(error)) throw error;
            failure = error;
          }
        }
      });
      for (const { status, reason } of await settled(asked)) {
        if (status === 'fulfilled') continue;
        if (!passes(reason)) throw reason;
        failure = reason;
      }
    } catch (error) {
      failure = error;
    }
    open = open.filter((it) => !values.has(partitionId(it.topic, it.partition)));
    if (open.length > 0) await patience.after(failure ?? refused(7, what), what);
  }
  return values;
}

async function settled(
  promises: readonly Promise<void>[],
): Promise<readonly { readonly status: string; readonly reason?: unknown }[]> {
  return Promise.allSettled(promises);
}
