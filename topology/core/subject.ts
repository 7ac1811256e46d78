/**
 * How the subject of a topic's keys or values in the schema registry is called: after the topic
 * (Confluent's TopicNameStrategy), the record type (RecordNameStrategy), or both
 * (TopicRecordNameStrategy).
 */
export type SubjectStrategy = 'topic' | 'record' | 'topic-record';

/** Every {@link SubjectStrategy}. */
export const subjectStrategies: readonly SubjectStrategy[] = ['topic', 'record', 'topic-record'];
