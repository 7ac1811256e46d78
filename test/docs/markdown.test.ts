import { describe, expect, test } from 'vitest';
import { blocksOf, edited, matches, stepsOf } from './markdown.ts';

const page = [
  '# Page',
  '<!-- file: a.yaml -->',
  '```yaml',
  'a: 1',
  '```',
  'text',
  '```console',
  '$ first',
  'one',
  'two',
  '$ second',
  '```',
].join('\n');

describe('blocksOf', () => {
  test('gives language, text and the comment before', () => {
    expect(blocksOf(page)).toEqual([
      { line: 3, language: 'yaml', note: 'file: a.yaml', text: 'a: 1\n' },
      { line: 7, language: 'console', note: undefined, text: '$ first\none\ntwo\n$ second\n' },
    ]);
  });
});

describe('stepsOf', () => {
  test('gives each command its output', () => {
    const [, block] = blocksOf(page);
    expect(stepsOf(block as NonNullable<typeof block>)).toEqual([
      { line: 8, command: 'first', output: 'one\ntwo\n' },
      { line: 11, command: 'second', output: '' },
    ]);
  });
});

describe('edited', () => {
  test('puts new lines for old ones', () => {
    expect(edited('a\nb\nc\n', '-b\n+x\n+y\n')).toBe('a\nx\ny\nc\n');
  });

  test('refuses lines that are not there', () => {
    expect(() => edited('a\n', '-b\n+x\n')).toThrow('these lines do not occur exactly once');
  });
});

describe('matches', () => {
  test.each([
    ['a b\n', 'a b'],
    ['took 3.5 s, 10 KiB', 'took 0.1 s,   2.5 KiB'],
    ['a\nb\nc\nd', 'a\n…\nd'],
    ['offset 17 of x', 'offset … of x'],
  ])('takes %j for %j', (actual, shown) => {
    expect(matches(actual, shown)).toBe(true);
  });

  test.each([
    ['a b c', 'a b'],
    ['5 records', '6 records'],
    ['axb', 'a.b'],
  ])('does not take %j for %j', (actual, shown) => {
    expect(matches(actual, shown)).toBe(false);
  });

  test('compares no number where numbers vary', () => {
    expect(matches('paid 4,506 ██ $1.50', 'paid 1 ████ $2,000.75', true)).toBe(true);
    expect(matches('paid 4,506', 'short 4,506', true)).toBe(false);
  });
});
