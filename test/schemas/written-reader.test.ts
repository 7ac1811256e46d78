import { describe, expect, test } from 'vitest';
import { writtenReader } from '../../schemas/index.ts';

const head = [0, 0, 0, 0, 1];

describe('writtenReader', () => {
  test.each<[string, number[], unknown]>([
    ['"long"', [14], 7],
    ['{"type":"map","values":"int"}', [2, 2, 0x61, 4, 0], { a: 2 }],
    ['["null","string"]', [2, 2, 0x61], 'a'],
    ['{"type":"enum","name":"x.E","symbols":["A","B"]}', [2], 'B'],
  ])('reads what %s wrote', (schema, bytes, value) => {
    expect(writtenReader(schema)(Buffer.from([...head, ...bytes]))).toEqual(value);
  });

  test.each([
    [[], 'cannot read x.R: the bytes end in the middle of the value'],
    [[2, 4], 'cannot read x.R: 1 bytes are left over after the value'],
  ])('refuses %j', (bytes, message) => {
    const read = writtenReader(
      '{"type":"record","name":"x.R","fields":[{"name":"a","type":"int"}]}',
    );
    expect(() => read(Buffer.from([...head, ...bytes]))).toThrow(message);
  });
});
