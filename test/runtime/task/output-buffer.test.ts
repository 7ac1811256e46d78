import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BuilderPool, OutputBuffer } from '../../../runtime/task/output-buffer.ts';
import { recordsOf } from '../codec/records.ts';

function put(buffer: OutputBuffer, topic: string, partition: number, value: string): void {
  buffer.appendPair(topic, partition, 1, Buffer.from('k'), Buffer.from(value), []);
}

function contentOf(buffer: OutputBuffer): Record<string, string[]> {
  return Object.fromEntries(
    buffer.seal().map(({ topic, partition, batch, records }) => {
      const values = recordsOf(batch).map(({ value }) => String(value));
      expect(values).toHaveLength(records);
      return [`${topic}-${partition}`, values];
    }),
  );
}

describe('OutputBuffer', () => {
  test('seals one batch per partition, and is empty afterwards', () => {
    const buffer = new OutputBuffer(new BuilderPool());
    put(buffer, 'a', 0, '1');
    put(buffer, 'b', 2, '2');
    put(buffer, 'a', 0, '3');
    expect(buffer.records).toBe(3);
    expect(contentOf(buffer)).toEqual({ 'a-0': ['1', '3'], 'b-2': ['2'] });
    expect(buffer.seal()).toEqual([]);
  });

  test('goes back to a mark, new partitions and topics included', () => {
    const buffer = new OutputBuffer(new BuilderPool());
    put(buffer, 'a', 0, 'kept');
    const mark = buffer.mark();
    const { bytes } = buffer;
    put(buffer, 'a', 0, 'dropped');
    put(buffer, 'a', 1, 'dropped');
    put(buffer, 'b', 0, 'dropped');
    buffer.rollback(mark);
    expect([buffer.records, buffer.bytes]).toEqual([1, bytes]);
    put(buffer, 'b', 0, 'later');
    expect(contentOf(buffer)).toEqual({ 'a-0': ['kept'], 'b-0': ['later'] });
  });

  test('gives nothing after it was discarded, and its builders are clean', () => {
    const pool = new BuilderPool();
    const buffer = new OutputBuffer(pool);
    put(buffer, 'a', 0, 'dropped');
    buffer.discard();
    expect([buffer.records, buffer.bytes]).toEqual([0, 0]);
    const next = new OutputBuffer(pool);
    put(next, 'c', 0, 'new');
    expect(contentOf(next)).toEqual({ 'c-0': ['new'] });
  });

  test('gives back builders to be used again, but none that has grown large', () => {
    const pool = new BuilderPool();
    const [small, large] = [pool.take(), pool.take()];
    large.appendPair(1, null, Buffer.alloc(2 * 1024 * 1024), []);
    pool.give(small);
    pool.give(large);
    expect(pool.take()).toBe(small);
    expect(pool.take()).not.toBe(large);
  });

  test('holds what was appended outside of the parts that were rolled back', () => {
    const part = fc.record({
      values: fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.nat(2), fc.string()), {
        maxLength: 5,
      }),
      fails: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const buffer = new OutputBuffer(new BuilderPool());
        const expected: Record<string, string[]> = {};
        for (const { values, fails } of parts) {
          const mark = buffer.mark();
          for (const [topic, partition, value] of values) {
            put(buffer, topic, partition, value);
            if (!fails) (expected[`${topic}-${partition}`] ??= []).push(value);
          }
          if (fails) buffer.rollback(mark);
        }
        expect(buffer.records).toBe(Object.values(expected).flat().length);
        expect(contentOf(buffer)).toEqual(expected);
      }),
    );
  });
});
