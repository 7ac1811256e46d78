import { describe, expect, test } from 'vitest';
import { showBytes, showDuration, textTable } from '../../../runtime/cli/text-table.ts';

describe('textTable', () => {
  test('sets columns under their heads, numbers to the right', () => {
    const rows = [
      ['TOPIC', 'SIZE', 'KEPT'],
      ['said', '1,000', ''],
      ['a-longer-one', '7', 'forever'],
    ];
    expect(textTable(rows, [1])).toBe(
      'TOPIC          SIZE  KEPT\nsaid          1,000\na-longer-one      7  forever\n',
    );
  });
});

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [1_600_000, '1.5 MiB'],
  [5 * 1024 ** 4, '5.0 TiB'],
  [5 * 1024 ** 5, '5120.0 TiB'],
])('%d bytes are %s', (bytes, text) => {
  expect(showBytes(bytes)).toBe(text);
});

test.each([
  [0, '0ms'],
  [999, '999ms'],
  [90_000, '90s'],
  [86_400_000, '1d'],
  [90_060_000, '1501m'],
])('%d ms are %s', (ms, text) => {
  expect(showDuration(ms)).toBe(text);
});
