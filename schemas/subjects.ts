import type { AvroType } from '../topology/core/avro.ts';
import { ConfigError } from '../topology/core/errors.ts';
import type { SubjectStrategy } from '../topology/core/subject.ts';

/**
 * The subject of a topic's keys or values in the registry, by Confluent's strategies: `topic`
 * (TopicNameStrategy) is `<topic>-key` or `<topic>-value`, `record` (RecordNameStrategy) the full name
 * of the type, `topic-record` (TopicRecordNameStrategy) `<topic>-<full name>`.
 * @throws {ConfigError} SCHEMA_SUBJECT where the subject has the type's name in it, and it has none
 */
export function subjectFor(
  topic: string,
  part: 'key' | 'value',
  naming?: { readonly strategy: SubjectStrategy; readonly type: AvroType },
): string {
  if (naming === undefined || naming.strategy === 'topic') return `${topic}-${part}`;
  const { strategy, type } = naming;
  if (!('name' in type)) {
    throw new ConfigError(
      'SCHEMA_SUBJECT',
      `the ${part}s of topic "${topic}" are of type ${type.kind}, which has no name: a subject by ` +
        `"${strategy}" needs a record, an enum or a fixed type`,
    );
  }
  return strategy === 'record' ? type.name : `${topic}-${type.name}`;
}
