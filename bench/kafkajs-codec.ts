import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Compression } from '../runtime/codec/compression.ts';
import { compressions } from '../runtime/codec/compression.ts';

/** A record as KafkaJS's encoder takes it. */
export interface KafkaJsRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** A name that comes several times has an array. Null values make KafkaJS throw. */
  readonly headers: Readonly<Record<string, Buffer | readonly Buffer[]>>;
  /** ms since epoch. */
  readonly timestamp: number;
}

/** A record as KafkaJS's decoder gives it. */
export interface KafkaJsDecoded {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | null | readonly (Buffer | null)[]>>;
  readonly isControlRecord: boolean;
}

/** What KafkaJS's decoder gives of a batch. */
export interface KafkaJsBatch {
  readonly firstOffset: string;
  readonly producerId: string;
  readonly producerEpoch: number;
  readonly firstSequence: number;
  readonly inTransaction: boolean;
  readonly records: readonly KafkaJsDecoded[];
}

/** Producer's fields and compression for {@link encodeWithKafkaJs}. */
export interface KafkaJsOptions {
  readonly compression?: Compression;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly firstSequence?: number;
  readonly transactional?: boolean;
}

interface Encoder {
  readonly buffer: Buffer;
}

type EncodeRecord = (
  record: KafkaJsRecord & { offsetDelta: number; timestampDelta: number },
) => Encoder;

/** A codec as KafkaJS takes them from others: it has gzip only. */
export interface KafkaJsCodec {
  compress(encoder: Encoder): Promise<Buffer>;
  decompress(payload: Buffer): Promise<Buffer>;
}

const require = createRequire(import.meta.url);
// The parts that are wanted are not exported, so they are reached by path.
const protocol = join(dirname(require.resolve('kafkajs/package.json')), 'src', 'protocol');
const load = (path: string): unknown => require(join(protocol, path));
const Decoder = load('decoder.js') as new (buffer: Buffer) => object;
const decodeBatch = load('recordBatch/v0/decoder.js') as (decoder: object) => Promise<KafkaJsBatch>;
const encodeRecord = load('recordBatch/record/v0/index.js') as EncodeRecord;
const { RecordBatch } = load('recordBatch/v0/index.js') as {
  readonly RecordBatch: (options: object) => Promise<Encoder>;
};
const { Codecs } = load('message/compression/index.js') as {
  Codecs: Record<number, () => KafkaJsCodec>;
};

/** Teaches KafkaJS a codec, for this process. */
export function registerKafkaJsCodec(compression: Compression, codec: KafkaJsCodec): void {
  Codecs[compressions.indexOf(compression)] = () => codec;
}

/** The batch that KafkaJS's producer would send: its record and batch encoders, as they are. */
export async function encodeWithKafkaJs(
  records: readonly KafkaJsRecord[],
  options: KafkaJsOptions = {},
): Promise<Buffer> {
  const firstTimestamp = records[0]?.timestamp ?? 0;
  let maxTimestamp = firstTimestamp;
  const encoded: Encoder[] = [];
  for (const [offsetDelta, record] of records.entries()) {
    const timestampDelta = record.timestamp - firstTimestamp;
    if (record.timestamp > maxTimestamp) maxTimestamp = record.timestamp;
    encoded.push(encodeRecord({ ...record, offsetDelta, timestampDelta }));
  }
  const batch = await RecordBatch({
    ...options,
    compression: compressions.indexOf(options.compression ?? 'none'),
    firstTimestamp,
    maxTimestamp,
    lastOffsetDelta: records.length - 1,
    records: encoded,
  });
  return batch.buffer;
}

/** What KafkaJS's consumer would make of a batch. It checks no CRC. */
export function decodeWithKafkaJs(batch: Buffer): Promise<KafkaJsBatch> {
  return decodeBatch(new Decoder(batch));
}
