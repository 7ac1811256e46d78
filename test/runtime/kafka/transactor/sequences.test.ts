import { expect, test } from 'vitest';
import { Sequences } from '../../../../runtime/kafka/transactor/sequences.ts';

test('sequence numbers count records by partition', () => {
  const sequences = new Sequences();
  expect([sequences.take('a-0', 3), sequences.take('b-0', 1), sequences.take('a-0', 2)]).toEqual([
    0, 0, 3,
  ]);
  sequences.reset();
  expect(sequences.take('a-0', 1)).toBe(0);
});

test('sequence numbers wrap after 2^31 − 1, to 0 and within a batch', () => {
  const sequences = new Sequences();
  sequences.take('a-0', 2 ** 31 - 2);
  expect(sequences.take('a-0', 5)).toBe(2 ** 31 - 2);
  expect(sequences.take('a-0', 1)).toBe(3);
});
