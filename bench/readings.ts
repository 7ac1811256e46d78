import { partitionOf } from '../topology/core/murmur2.ts';
import { RecordBatchBuilder } from '../runtime/codec/batch-builder.ts';
import type { EmbeddedLog } from '../runtime/embedded/embedded-log.ts';
import { seededRandom } from '../topology/core/random.ts';
import type { Serde } from '../schemas/index.ts';

/** Decoded value of `bench.Reading`: about 200 bytes encoded. */
export interface Reading {
  readonly sensor: string;
  readonly at: number;
  readonly value: number;
  readonly scale: number;
  readonly unit: 'KELVIN' | 'PASCAL' | 'VOLT';
  readonly site: string;
  readonly note: string;
}

const units = ['KELVIN', 'PASCAL', 'VOLT'] as const;
const startMs = Date.UTC(2026, 0, 1);

/** Gives key numbers from 0 to `keys` − 1. */
export type KeyChooser = () => number;

/** All keys equally often. */
export function uniformKeys(keys: number, random: () => number): KeyChooser {
  return () => Math.floor(random() * keys);
}

/** Zipf with exponent 1: key k is asked for in proportion to 1 / (k + 1). By inversion of the cumulated weights. */
export function zipfKeys(keys: number, random: () => number): KeyChooser {
  const cumulated = new Float64Array(keys);
  let sum = 0;
  for (let k = 0; k < keys; k++) {
    sum += 1 / (k + 1);
    cumulated[k] = sum;
  }
  return () => {
    const target = random() * sum;
    let low = 0;
    let high = keys - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((cumulated[middle] as number) < target) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** The i-th reading; the same for equal seeds. */
export function readings(seed: number, chooser: (random: () => number) => KeyChooser) {
  const random = seededRandom(seed);
  const choose = chooser(random);
  return (i: number): Reading => ({
    sensor: `sensor-${choose().toString().padStart(8, '0')}`,
    at: startMs + i * 10,
    value: Math.floor(random() * 1_000_000) - 100_000,
    scale: random(),
    unit: units[Math.floor(random() * 3)] as Reading['unit'],
    site: `site-${Math.floor(random() * 1000)}`,
    note: 'calibrated in spring, checked by hand, and read out over the air every ten ms; no findings so far, next check due in autumn'.slice(
      0,
      100 + Math.floor(random() * 25),
    ),
  });
}

const batchRecords = 1000;

/** Appends `count` records to a topic of one partition, in batches of 1,000. */
export async function appendReadings(
  log: EmbeddedLog,
  topic: string,
  options: { count: number; make: (i: number) => Reading; serde: Serde<Reading> },
): Promise<void> {
  const ignore = async (): Promise<void> => {};
  const membership = await log.join(
    { group: `load-${topic}`, topics: [], slot: 'load' },
    { assigned: ignore, revoked: ignore, lost: ignore },
  );
  const transactor = await log.transactor(`load-${topic}`);
  const builder = new RecordBatchBuilder();
  const buffer = Buffer.alloc(4096);
  for (let i = 0; i < options.count; i++) {
    const reading = options.make(i);
    const keyEnd = buffer.write(reading.sensor, 0);
    const end = options.serde.write(reading, buffer, keyEnd);
    builder.append(reading.at, buffer, 0, keyEnd, keyEnd, end, []);
    if (builder.count === batchRecords || i === options.count - 1) {
      const records = builder.count;
      const append = { topic, partition: partitionOf(buffer, 1, 0, keyEnd), records };
      await transactor.commit(
        { appends: [{ ...append, batch: builder.finish() }], positions: [] },
        membership,
      );
    }
  }
  await transactor.close();
  await membership.leave();
}
