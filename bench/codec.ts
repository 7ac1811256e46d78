/**
 * Speed of the record-batch codec beside KafkaJS's, in one process and in turns: batches of 1,000 records of 100 bytes, without and with two headers each.
 * CRC and headers included on our side; KafkaJS checks no CRC when it decodes. What it does not show: sockets, compression, what a consumer does with a record.
 *
 *     npm run bench
 */
import { RecordBatchBuilder } from '../runtime/codec/batch-builder.ts';
import { RecordBatchReader } from '../runtime/codec/batch-reader.ts';
import type { Header } from '../topology/core/record.ts';
import { decodeWithKafkaJs, encodeWithKafkaJs, type KafkaJsRecord } from './kafkajs-codec.ts';
import { type Contender, type Measured, sideBySide } from './side-by-side.ts';

const batchRecords = 1000;
const batches = Number(process.argv[2] ?? 60);
const rounds = 7;
/**
 * What the bars are for. In place is how the engine reads; the other ways make objects of records,
 * as KafkaJS does, and cost what objects cost.
 */
const bars = {
  decode: { name: 'decode: ours, in place', atLeast: 4 },
  encode: { name: 'encode: ours', atLeast: 10 },
} as const;

interface Sample extends KafkaJsRecord {
  /** The same headers, as our codec takes them. */
  readonly list: readonly Header[];
}

function samples(headerCount: number): Sample[] {
  const names = ['trace-id', 'content-type'].slice(0, headerCount);
  return Array.from({ length: batchRecords }, (_, i) => {
    const list = names.map((name, n): [string, Buffer] => [name, Buffer.from(`${name} ${i + n}`)]);
    return {
      key: Buffer.from(`key-${i}`),
      value: Buffer.alloc(100, 97 + (i % 26)),
      timestamp: 1_790_000_000_000 + i,
      headers: Object.fromEntries(list),
      list,
    };
  });
}

/** Runs `work` for each batch and counts its records. `work` gives a number, so that nothing of it can be left out. */
function contender(name: string, work: () => number | Promise<number>): Contender {
  return {
    name,
    async run() {
      let total = 0;
      const start = performance.now();
      for (let i = 0; i < batches; i++) {
        const done = work();
        total += typeof done === 'number' ? done : await done;
      }
      const elapsedMs = performance.now() - start;
      if (total === 0) throw new Error(`${name} did nothing`);
      return { records: batches * batchRecords, elapsedMs };
    },
  };
}

function encodeOurs(builder: RecordBatchBuilder, records: readonly Sample[]): Buffer {
  for (let i = 0; i < records.length; i++) {
    const { timestamp, key, value, list } = records[i] as Sample;
    builder.appendPair(timestamp, key, value, list);
  }
  return builder.finish();
}

/** Reads everything of each record where it stands; headers are decoded. */
function decodeInPlace(reader: RecordBatchReader, batch: Buffer): number {
  let seen = 0;
  reader.open(batch);
  while (reader.next()) {
    seen += reader.offset + reader.timestamp + reader.keyEnd + reader.valueEnd;
    seen += reader.headers().length;
  }
  return seen;
}

/** Makes an object of each record, key and value being views of the batch: what KafkaJS gives. */
function decodeViews(reader: RecordBatchReader, batch: Buffer): number {
  const records = [];
  reader.open(batch);
  while (reader.next()) {
    const { keyStart, keyEnd, valueStart, valueEnd } = reader;
    records.push({
      offset: reader.offset,
      timestamp: reader.timestamp,
      key: keyEnd < 0 ? null : batch.subarray(keyStart, keyEnd),
      value: valueEnd < 0 ? null : batch.subarray(valueStart, valueEnd),
      headers: reader.headers(),
    });
  }
  return records.length;
}

/** Makes an object of each record, key, value and headers copied: what nothing of the batch stays in memory for. */
function decodeCopied(reader: RecordBatchReader, batch: Buffer): number {
  const records = [];
  reader.open(batch);
  while (reader.next()) {
    records.push({
      offset: reader.offset,
      timestamp: reader.timestamp,
      key: reader.key(),
      value: reader.value(),
      headers: reader.headers(),
    });
  }
  return records.length;
}

type Bar = (typeof bars)[keyof typeof bars];

function line(title: string, measured: readonly Measured[], bar: Bar): string {
  const base = measured[0] as Measured;
  const rows = measured.map(({ name, median, best, worst }, i) => {
    const ratio = median / base.median;
    const below = name === bar.name && ratio < bar.atLeast ? '  BELOW THE BAR' : '';
    const verdict = i === 0 ? '' : `  × ${ratio.toFixed(1)}${below}`;
    const spread = `(${thousands(worst)} to ${thousands(best)})`;
    return `  ${name.padEnd(26)} ${thousands(median).padStart(11)} records/s ${spread.padEnd(26)}${verdict}`;
  });
  return `${title}; bar: ${bar.atLeast} × KafkaJS\n${rows.join('\n')}\n`;
}

function thousands(rate: number): string {
  return Math.round(rate).toLocaleString('en-US');
}

for (const headerCount of [0, 2]) {
  const records = samples(headerCount);
  const builder = new RecordBatchBuilder();
  const reader = new RecordBatchReader();
  const batch = encodeOurs(builder, records);
  const title = `1,000 records of 100 bytes, ${headerCount === 0 ? 'no headers' : '2 headers each'}`;
  const decoded = await sideBySide(
    [
      contender('decode: KafkaJS', async () => (await decodeWithKafkaJs(batch)).records.length),
      contender(bars.decode.name, () => decodeInPlace(reader, batch)),
      contender('decode: ours, views', () => decodeViews(reader, batch)),
      contender('decode: ours, copied out', () => decodeCopied(reader, batch)),
    ],
    rounds,
  );
  console.log(line(title, decoded, bars.decode));
  const encoded = await sideBySide(
    [
      contender('encode: KafkaJS', async () => (await encodeWithKafkaJs(records)).length),
      contender(bars.encode.name, () => encodeOurs(builder, records).length),
    ],
    rounds,
  );
  console.log(line(title, encoded, bars.encode));
}
