import { describe, expect, test } from 'vitest';
import { decompressBatch } from '../../../runtime/codec/batch-compression.ts';
import {
  assignBaseOffset,
  batchBaseOffset,
  batchCompressionId,
} from '../../../runtime/codec/batch-header.ts';
import { compressions } from '../../../runtime/codec/compression.ts';
import { readEndMarker } from '../../../runtime/codec/control-batch.ts';
import { forEachBatch } from '../../../runtime/codec/fetched-batches.ts';
import { batchText } from './batch-text.ts';
import { javaVectors } from './java-vectors.ts';
import { batchOf, recordsOf } from './records.ts';

const bytesOf = (name: string): Buffer => {
  const vector = javaVectors.find((it) => it.name === name);
  if (vector === undefined) throw new Error(`there is no vector "${name}"`);
  return Buffer.from(vector.hex, 'hex');
};

describe('a batch by the Java client', () => {
  test.each(javaVectors)('of $name is read', ({ codec, text, hex }) => {
    const batch = Buffer.from(hex, 'hex');
    expect(compressions[batchCompressionId(batch)]).toBe(codec);
    expect(batchText(decompressBatch(batch))).toBe(text);
  });

  test.each(compressions.filter((it) => it !== 'none'))(
    'with %s is, uncompressed, the batch that it writes without compression',
    (codec) => {
      const plain = bytesOf('four records, none');
      expect(decompressBatch(bytesOf(`four records, ${codec}`)).equals(plain)).toBe(true);
    },
  );

  test('has the bytes that we write', () => {
    const theirs = bytesOf('four records, none');
    const ours = batchOf(...recordsOf(theirs));
    assignBaseOffset(ours, batchBaseOffset(theirs));
    expect(ours.equals(theirs)).toBe(true);
  });

  test('has the times of its records although its base time is a delete horizon', () => {
    const batch = bytesOf('a delete horizon in place of the base time');
    expect(recordsOf(batch).map(({ time }) => time)).toEqual([
      1_700_000_000_000, 1_700_000_000_010,
    ]);
  });

  test.each([
    ['a commit marker', 'commit'],
    ['an abort marker', 'abort'],
    ['a leader change', undefined],
    ['four records, none', undefined],
  ])('of %s is the end marker %s', (name, marker) => {
    expect(readEndMarker(bytesOf(name))).toBe(marker);
  });

  test('is found among others in a response', () => {
    const texts: string[] = [];
    const records = Buffer.concat(javaVectors.map(({ hex }) => Buffer.from(hex, 'hex')));
    forEachBatch(records, (batch) => texts.push(batchText(decompressBatch(batch))));
    expect(texts).toEqual(javaVectors.map(({ text }) => text));
  });
});
