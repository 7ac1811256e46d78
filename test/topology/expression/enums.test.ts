import { describe, expect, test } from 'vitest';
import { marks, run, scope, state, types } from './shop-scope.ts';

describe('enum symbols', () => {
  test.each([
    ['value.state == PAID', true],
    ['PAID == value.state', true],
    ['value.state != REJECTED', true],
    ['value.state in [PAID, REJECTED]', true],
    ['REJECTED in [value.state]', false],
    ['value.state == shop.State.PAID', true],
    ['value.state == (value.total > 1 ? PAID : REJECTED)', true],
  ])('%s', (text, result) => {
    expect(run(text)).toBe(result);
  });

  test('are bare where the result is an enum', () => {
    expect(run('PAID', undefined, state)).toBe('PAID');
    expect(run('value.total > 2000 ? PAID : REJECTED', undefined, state)).toBe('REJECTED');
  });

  test('never shadow a variable', () => {
    const within = { ...scope, variables: { ...scope.variables, PAID: types.string } };
    expect(() => run('value.state == PAID', undefined, undefined, within)).toThrow(
      'cannot compare shop.State with string (==)',
    );
    expect(run('[1].exists(PAID, PAID == 1)')).toBe(true);
  });

  test('that are unknown come with the nearest', () => {
    expect(marks('value.state == PAYD')).toEqual([['E026', 'PAYD', 'did you mean "PAID"?']]);
    expect(marks('shop.State.PAYD == value.state')[0]?.slice(0, 2)).toEqual(['E026', 'PAYD']);
  });

  test('need their type where no enum is asked for', () => {
    expect(marks('string(PAID)')).toEqual([
      ['E020', 'PAID', 'the symbol is written shop.State.PAID here'],
    ]);
    expect(run('string(shop.State.PAID)')).toBe('PAID');
  });

  test('are not texts', () => {
    expect(marks('value.state == "PAID"')).toEqual([
      ['E023', 'value.state == "PAID"', 'write PAID without quotes'],
    ]);
    expect(marks('value.state == key')).toEqual([
      ['E023', 'value.state == key', 'write string(value.state)'],
    ]);
    expect(marks('"PAID"', state)).toEqual([
      ['E027', '"PAID"', 'write a symbol without quotes: PAID, REJECTED'],
    ]);
  });
});
