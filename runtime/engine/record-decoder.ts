import type { Serde } from '../../schemas/index.ts';
import { SerdeError } from '../../topology/core/errors.ts';
import { StreamRecord } from '../../topology/core/record.ts';
import type { Bindings } from '../../topology/expression/expression.ts';
import type { RecordBatchReader } from '../codec/batch-reader.ts';
import type { Change } from '../task/change-serde.ts';
import { type DecodeRecord, SchemaPending } from '../task/partition-queue.ts';
import type { SchemaCache } from './schema-cache.ts';

export interface DecoderOptions {
  readonly keySerde: Serde;
  readonly valueSerde: Serde;
  /** Set where the topic holds changes of a re-grouped table. */
  readonly changes?: Serde<Change>;
  /** Gives the record's time in ms; absent: the log's time stamp. */
  readonly time?: (bindings: Bindings) => unknown;
  readonly cache: SchemaCache;
}

/**
 * Decodes records of one source. What does not decode throws a SerdeError; a schema id that was not asked for yet throws {@link SchemaPending}, which is no
 * failure of the record.
 */
export function recordDecoder(options: DecoderOptions): DecodeRecord {
  const { keySerde, valueSerde, changes, time, cache } = options;
  const bindings = {
    record: undefined,
    key: null,
    value: null,
    left: null,
    right: null,
    reply: null,
    aggregate: null,
  } as unknown as Bindings;

  function decode(reader: RecordBatchReader, topic: string, partition: number): StreamRecord {
    const { buffer, keyStart, keyEnd, valueStart, valueEnd } = reader;
    const key = keyEnd < 0 ? null : keySerde.read(buffer, keyStart, keyEnd);
    let value: unknown = null;
    let old: unknown;
    if (valueEnd >= 0) {
      if (changes === undefined) {
        value = valueSerde.read(buffer, valueStart, valueEnd);
      } else {
        const change = changes.read(buffer, valueStart, valueEnd);
        value = change.value;
        old = change.old;
      }
    }
    const { timestamp, offset } = reader;
    const record = new StreamRecord(
      key,
      value,
      timestamp,
      reader.headers(),
      topic,
      partition,
      offset,
      old,
    );
    if (time === undefined || value === null) return record;
    bindings.record = record;
    bindings.key = key;
    bindings.value = value;
    return record.with({ time: recordTime(time(bindings)) });
  }

  return (reader, topic, partition) => {
    try {
      return decode(reader, topic, partition);
    } catch (error) {
      const id =
        unknownId(keySerde, reader, 'key') ?? unknownId(changes ?? valueSerde, reader, 'value');
      if (id !== undefined && !cache.isAbsent(id)) throw new SchemaPending(id);
      throw error;
    }
  };
}

function recordTime(time: unknown): number {
  const ms = typeof time === 'number' ? Math.floor(time) : Number.NaN;
  if (Number.isSafeInteger(ms)) return ms;
  throw new SerdeError('RECORD_TIME', `the record's time is ${String(time)}, which is no time`);
}

function unknownId(
  serde: Serde,
  reader: RecordBatchReader,
  part: 'key' | 'value',
): number | undefined {
  const end = part === 'key' ? reader.keyEnd : reader.valueEnd;
  if (end < 0) return undefined;
  const start = part === 'key' ? reader.keyStart : reader.valueStart;
  return serde.unknownId?.(reader.buffer, start, end);
}
