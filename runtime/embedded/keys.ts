/**
 * Keys of the log's environment. The first byte is the kind; numbers are big-endian, so that keys
 * sort by topic, partition and offset.
 */
export const kind = {
  counter: 0x01,
  topic: 0x02,
  partition: 0x03,
  position: 0x04,
  owner: 0x05,
  slot: 0x06,
  schema: 0x07,
  schemaText: 0x08,
  subject: 0x09,
  cleaning: 0x0a,
  /** A deleted topic whose batches are not all removed yet. */
  debris: 0x0b,
  /** What a schema refers to, by id. */
  references: 0x0c,
  batch: 0x10,
} as const;

/** Kinds that are followed by a text. */
type NamedKind = 'counter' | 'topic' | 'owner' | 'slot' | 'schemaText' | 'subject';

/** Key of something that has a name. */
export function namedKey(which: NamedKind, name: string): Buffer {
  const key = Buffer.allocUnsafe(1 + Buffer.byteLength(name));
  key[0] = kind[which];
  key.write(name, 1);
  return key;
}

/** The name in a key of {@link namedKey}. */
export function nameOf(key: Buffer): string {
  return key.toString('utf8', 1);
}

/** First key of a kind and the first key behind it. */
export function kindRange(which: keyof typeof kind): readonly [start: Buffer, end: Buffer] {
  return [Buffer.from([kind[which]]), Buffer.from([kind[which] + 1])];
}

/** Key of the record of a partition, of its cleaning state, or of the debris of a topic. */
export function partitionKey(
  which: 'partition' | 'cleaning' | 'debris',
  topicId: number,
  partition: number,
): Buffer {
  const key = Buffer.allocUnsafe(9);
  key[0] = kind[which];
  key.writeUInt32BE(topicId, 1);
  key.writeUInt32BE(partition, 5);
  return key;
}

/** Key of a schema by id. */
export function schemaKey(id: number): Buffer {
  const key = Buffer.allocUnsafe(5);
  key[0] = kind.schema;
  key.writeUInt32BE(id, 1);
  return key;
}

/** Key of what a schema refers to, by its id. */
export function referencesKey(id: number): Buffer {
  const key = schemaKey(id);
  key[0] = kind.references;
  return key;
}

/** Key of a batch; its base offset is the record's that it began with when it was appended. */
export function batchKey(topicId: number, partition: number, offset: number): Buffer {
  const key = Buffer.allocUnsafe(17);
  key[0] = kind.batch;
  key.writeUInt32BE(topicId, 1);
  key.writeUInt32BE(partition, 5);
  const high = Math.floor(offset / 0x100000000);
  key.writeUInt32BE(high, 9);
  key.writeUInt32BE(offset - high * 0x100000000, 13);
  return key;
}

/** The base offset in a key of {@link batchKey}. */
export function offsetOf(key: Buffer): number {
  return key.readUInt32BE(9) * 0x100000000 + key.readUInt32BE(13);
}

/** Key of a group's position in a partition; a group's keys stand together. */
export function positionKey(group: string, topicId: number, partition: number): Buffer {
  const prefix = groupPrefix(group);
  const key = Buffer.allocUnsafe(prefix.length + 8);
  prefix.copy(key);
  key.writeUInt32BE(topicId, prefix.length);
  key.writeUInt32BE(partition, prefix.length + 4);
  return key;
}

/** Range of all positions of a group. */
export function groupRange(group: string): readonly [start: Buffer, end: Buffer] {
  const start = groupPrefix(group);
  const end = Buffer.from(start);
  end[end.length - 1] = 1;
  return [start, end];
}

/** Group and topic in a key of {@link positionKey}. */
export function positionParts(key: Buffer): { readonly group: string; readonly topicId: number } {
  return {
    group: key.toString('utf8', 1, key.length - 9),
    topicId: key.readUInt32BE(key.length - 8),
  };
}

/** A zero ends the name: no name has one, so that no group's range holds another's. */
function groupPrefix(group: string): Buffer {
  const prefix = Buffer.allocUnsafe(2 + Buffer.byteLength(group));
  prefix[0] = kind.position;
  prefix.write(group, 1);
  prefix[prefix.length - 1] = 0;
  return prefix;
}
