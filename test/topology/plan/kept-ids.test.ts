import { describe, expect, test } from 'vitest';
import { keptIds } from '../../../topology/plan/kept-ids.ts';

const group = (id: string, ...topics: string[]) => ({ id, topics });

describe('keptIds', () => {
  test('keeps an id although another name comes first now', () => {
    const previous = { once: { sourceTopics: ['placed'] } };
    expect(keptIds([group('a-big', 'placed', 'more')], previous)).toEqual(['once']);
  });

  test('gives a new group its own name', () => {
    const previous = { once: { sourceTopics: ['placed'] } };
    expect(keptIds([group('once', 'placed'), group('audit', 'paid')], previous)).toEqual([
      'once',
      'audit',
    ]);
  });

  test('keeps no id for two groups that were one, nor for one that was two', () => {
    const both = { once: { sourceTopics: ['placed', 'paid'] } };
    expect(keptIds([group('a', 'placed'), group('b', 'paid')], both)).toEqual(['a', 'b']);
    const apart = { one: { sourceTopics: ['placed'] }, two: { sourceTopics: ['paid'] } };
    expect(keptIds([group('a', 'placed', 'paid')], apart)).toEqual(['a']);
  });

  test('numbers a name that a kept id has taken', () => {
    const previous = { audit: { sourceTopics: ['placed'] } };
    expect(keptIds([group('a', 'placed'), group('audit', 'paid')], previous)).toEqual([
      'audit',
      'audit-2',
    ]);
  });
});
