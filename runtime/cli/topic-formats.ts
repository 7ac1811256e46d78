import { bareKind } from '../../topology/plan/compare/schema-text.ts';
import { PlanRecords } from '../app/plans/plan-records.ts';
import { ownerOfTopic } from '../app/reset.ts';
import type { Log } from '../ports.ts';
import { type ByteFormat, byteFormats } from './record-view.ts';

/**
 * How keys and values of a topic are read that an application made for itself, as the plan says that
 * ran last: primitive ones have no schema id to be known by. `auto` where it does not tell.
 */
export async function topicFormats(
  log: Log,
  topic: string,
): Promise<{ readonly key: ByteFormat; readonly value: ByteFormat }> {
  const application = await ownerOfTopic(log, topic);
  if (application === undefined) return { key: 'auto', value: 'auto' };
  // It only reads: the name of the producer does not matter.
  const { current } = await new PlanRecords(log, application, 'topics').read('committed');
  const manifest = current?.manifest;
  const known = manifest?.topics[topic];
  const format = (fingerprint: string | undefined): ByteFormat => {
    const text = fingerprint === undefined ? undefined : manifest?.schemas[fingerprint];
    const kind = text === undefined ? undefined : bareKind(text);
    return byteFormats.find((one) => one === kind) ?? 'auto';
  };
  // A repartition topic holds both halves of a change where it is a table's.
  const value = known?.role === 'changelog' ? format(known.value) : 'auto';
  return { key: format(known?.key), value };
}
