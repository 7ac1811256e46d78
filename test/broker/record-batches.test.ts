import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compressBatch, decompressBatch } from '../../runtime/codec/batch-compression.ts';
import { assignBaseOffset } from '../../runtime/codec/batch-header.ts';
import { type BatchProducer, sealBatch } from '../../runtime/codec/batch-seal.ts';
import { type Compression, compressions } from '../../runtime/codec/compression.ts';
import { batchText, recordText } from '../runtime/codec/batch-text.ts';
import { javaVectors } from '../runtime/codec/java-vectors.ts';
import { anyRecord, batchOf, plain, type PlainRecord } from '../runtime/codec/records.ts';
import { runJava } from './harness/java.ts';
import { requireJava } from './harness/require.ts';

requireJava();

const program = fileURLToPath(new URL('java/RecordBatches.java', import.meta.url));
const seed = 20_260_917;

/** Answers of the Java client, one for each request. */
async function askJava(requests: readonly string[]): Promise<string[]> {
  const { code, stdout, stderr } = await runJava(program, [], { input: requests.join('\n') });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout.trimEnd().split('\n');
}

/** Batches of any records, the same ones in every run, and one that takes many blocks. */
const samples: readonly (readonly PlainRecord[])[] = [
  ...fc.sample(fc.array(anyRecord, { minLength: 1, maxLength: 40 }), { numRuns: 60, seed }),
  Array.from({ length: 3_000 }, (_, i) =>
    plain(`key ${i}`, `value ${(i * i) % 7_919} `.repeat(10), 1_700_000_000_000 + i),
  ),
];

const producerOf = (sample: number): BatchProducer => ({
  producerId: 5_000_000_000 + sample,
  epoch: sample,
  baseSequence: 7 * sample,
  transactional: sample % 2 === 0,
});

const batches = samples.map((records, i) => {
  const batch = batchOf(...records);
  assignBaseOffset(batch, i * 1_000_000_000);
  sealBatch(batch, producerOf(i));
  return batch;
});

/** Requests that make the Java client write the samples. */
function writeRequests(compression: Compression): string[] {
  return samples.map((records, i) => {
    const { producerId, epoch, baseSequence, transactional } = producerOf(i);
    const producer = [producerId, epoch, baseSequence, transactional];
    const words = ['write', compression, i * 1_000_000_000, -1, ...producer, -1];
    return [...words, ...records.map(recordText)].join(' ');
  });
}

function readRequests(compression: Compression): string[] {
  return batches.map((batch) => `read ${compressBatch(batch, compression).toString('hex')}`);
}

/** Answers for all codecs at once, by codec: one virtual machine, started when first asked. */
function forAll(
  requests: (compression: Compression) => readonly string[],
): (compression: Compression) => Promise<readonly string[]> {
  let asked: Promise<string[]> | undefined;
  return async (compression) => {
    asked ??= askJava(compressions.flatMap(requests));
    const start = compressions.indexOf(compression) * samples.length;
    return (await asked).slice(start, start + samples.length);
  };
}

const readByJava = forAll(readRequests);
const writtenByJava = forAll(writeRequests);

describe.each(compressions)('with compression %s', (compression) => {
  test('the Java client reads what we write', async () => {
    const expected = batches.map((batch) => `${compression} ${batchText(batch)}`);
    expect(await readByJava(compression)).toEqual(expected);
  });

  test('we read what the Java client writes', async () => {
    const answers = await writtenByJava(compression);
    const read = answers.map((it) => batchText(decompressBatch(Buffer.from(it, 'hex'))));
    expect(read).toEqual(batches.map(batchText));
  });
});

describe('the vectors of the unit tests', () => {
  test('are what the Java client reads in them', async () => {
    const answers = await askJava(javaVectors.map(({ hex }) => `read ${hex}`));
    expect(answers).toEqual(javaVectors.map(({ codec, text }) => `${codec} ${text}`));
  });
});
