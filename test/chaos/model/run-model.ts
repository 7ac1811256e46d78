import type { Evidence, LoggedRecord } from '../evidence.ts';
import { ArrivedTask } from './arrived-task.ts';
import { ChargeTask } from './charge-task.ts';
import type { Answer } from './charge-task.ts';
import { OnceTask } from './once-task.ts';
import { PickedTask } from './picked-task.ts';
import type { TakenRecord, TaskModel } from './records.ts';

/** Every input value of the order system is Avro, every key text. */
function takenRecord(record: LoggedRecord, decode: Evidence['decode']): TakenRecord {
  const { topic, partition, offset, time, key, value, headers } = record;
  const raw = { time, key: hex(key), value: hex(value) };
  const text = key === null ? null : key.toString('utf8');
  return { topic, partition, offset, time, key: text, value: decoded(value, decode), headers, raw };
}

function decoded(value: Buffer | null, decode: Evidence['decode']): unknown {
  try {
    return decode(value);
  } catch {
    return undefined;
  }
}

function hex(bytes: Buffer | null): string {
  return bytes === null ? '' : bytes.toString('hex');
}

/** The record with an offset; there may be gaps before it, of markers and aborted records. */
function recordAt(records: readonly LoggedRecord[], offset: number): LoggedRecord | undefined {
  let low = 0;
  let high = records.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((records[middle]?.offset ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  return records[low]?.offset === offset ? records[low] : undefined;
}

/**
 * Runs the reference model over what each task took, in the order of the trace. A record that the
 * trace names and the log does not hold is left out: another check tells of it.
 */
export function runModel(
  evidence: Evidence,
  answerTo: (idempotencyKey: string) => Answer | undefined,
): ReadonlyMap<string, TaskModel> {
  const { plan, topics, trace, decode } = evidence;
  const deadLetterPartitions = topics.get('orders.dead-letters')?.length ?? 1;
  const models = new Map<string, TaskModel>();
  for (const { id, sourceTopics } of plan.subTopologies) {
    const partitions = topics.get(sourceTopics[0] ?? '')?.length ?? 0;
    for (let partition = 0; partition < partitions; partition++) {
      const places = [partition, partitions, deadLetterPartitions] as const;
      const model = sourceTopics.includes('orders.placed')
        ? new OnceTask(...places)
        : sourceTopics.includes('warehouse.deliveries')
          ? new ArrivedTask(...places)
          : sourceTopics.includes('orders-charge-repartition')
            ? new ChargeTask(partition, partitions, answerTo)
            : new PickedTask(...places);
      models.set(`${id}_${partition}`, model);
    }
  }
  for (const { task, topic, partition, offset } of trace) {
    const record = recordAt(topics.get(topic)?.[partition] ?? [], offset);
    if (record !== undefined) models.get(task)?.take(takenRecord(record, decode));
  }
  return models;
}
