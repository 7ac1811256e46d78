import { describe, expect, test } from 'vitest';
import { graphemeWidth, showLine } from '../../../topology/check/cells.ts';

describe('showLine', () => {
  test.each([
    ['ascii only', 'abc', 'abc', [0, 1, 2, 3, 4]],
    ['wide characters', 'a全b', 'a全b', [0, 1, 3, 4]],
    ['a combining accent', 'e\u0301x', 'e\u0301x', [0, 0, 1, 2]],
    ['an emoji of two units', '😀x', '😀x', [0, 0, 2, 3]],
    ['a tab, up to the eighth cell', 'ab\tc', 'ab      c', [0, 1, 2, 8, 9]],
    ['a control character', 'a\u001bb', 'a·b', [0, 1, 2, 3]],
    ['an override of direction', 'a\u202eb', 'a·b', [0, 1, 2, 3]],
  ])('counts cells of %s', (_, line, text, cells) => {
    const shown = showLine(line);
    expect(shown.text).toBe(text);
    expect(cells.map((__, offset) => shown.cell(offset))).toEqual(cells);
  });
});

describe('graphemeWidth', () => {
  test.each([
    ['a', 1],
    ['é', 1],
    ['\u200d', 0],
    ['한', 2],
    ['Ａ', 2],
    ['👩‍👩‍👧', 2],
    ['👍🏽', 2],
    ['☺️', 2],
    ['☺', 1],
    ['ﾊ', 1],
  ])('of %j is %i', (grapheme, width) => {
    expect(graphemeWidth(grapheme)).toBe(width);
  });
});
