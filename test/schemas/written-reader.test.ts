import { describe, expect, test } from 'vitest';
import { requireSchema, writtenReader } from '../../schemas/index.ts';

const head = [0, 0, 0, 0, 1];

/** A type without a namespace, in a type that has one, as Avro for Java writes it. */
const inherited = JSON.stringify({
  type: 'record',
  name: 'Bill',
  namespace: 'shop',
  fields: [
    { name: 'total', type: { type: 'enum', name: 'Sum', namespace: '', symbols: ['A', 'B'] } },
    { name: 'tip', type: 'Sum' },
  ],
});

describe('writtenReader', () => {
  test.each<[string, number[], unknown]>([
    ['"long"', [14], 7],
    ['{"type":"map","values":"int"}', [2, 2, 0x61, 4, 0], { a: 2 }],
    ['["null","string"]', [2, 2, 0x61], 'a'],
    ['{"type":"enum","name":"x.E","symbols":["A","B"]}', [2], 'B'],
    ['{"type":{"type":["null","int"]}}', [2, 4], 2],
    [inherited, [0, 2], { total: 'A', tip: 'B' }],
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

describe('requireSchema', () => {
  test.each([inherited, '{"type":"array","items":["null","string"]}', '{"type":"int"}'])(
    'takes %s',
    (text) => {
      expect(() => requireSchema(text)).not.toThrow();
    },
  );

  test.each([
    ['{"type":"record","name":"R","fields":[{"name":"a","type":"int","default":"x"}]}', 'default'],
    ['{"type":"enum","name":"E","symbols":["A"],"default":"B"}', 'no symbol'],
    ['"shop.Order"', 'does not define'],
    [
      '["null",{"type":"fixed","name":"F","size":1},{"type":"map","values":{"type":"fixed","name":"F","size":2}}]',
      'F is defined twice',
    ],
    ['{"type":"record","name":"my-record","fields":[]}', 'invalid name'],
  ])('refuses %s', (text, why) => {
    expect(() => requireSchema(text)).toThrow(why);
  });
});
