import { describe, expect, test } from 'vitest';
import { recordOfLine } from './record-lines.ts';

describe('recordOfLine', () => {
  test('reads bytes, nulls and headers', () => {
    expect(recordOfLine('a.b\t3\t17\t-1\t6b\t00ff\t6e=31,6d=-,6e=')).toEqual({
      topic: 'a.b',
      partition: 3,
      offset: 17,
      time: -1,
      key: Buffer.from('k'),
      value: Buffer.from([0, 255]),
      headers: [
        ['n', '1'],
        ['m', ''],
        ['n', ''],
      ],
    });
    const { key, value, headers } = recordOfLine('t\t0\t0\t0\t-\t\t');
    expect({ key, value, headers }).toEqual({ key: null, value: Buffer.alloc(0), headers: [] });
  });

  test.each(['', 'WARN something', 't\t0\t0\t0\t-\t-', 't\t0\t0\t0\t-\t-\t\tmore'])(
    'refuses %j',
    (line) => {
      expect(() => recordOfLine(line)).toThrow(`no record of the console consumer: ${line}`);
    },
  );
});
