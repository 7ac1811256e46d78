import { describe, expect, test } from 'vitest';
import { diffSchemas } from '../../../schemas/index.ts';
import { corpus } from '../compatibility/corpus.ts';

const order = (fields: unknown[], more: object = {}): object => ({
  type: 'record',
  name: 'shop.Order',
  ...more,
  fields,
});
const id = { name: 'id', type: 'string' };
const state = (symbols: string[], more: object = {}): object => ({
  name: 'state',
  type: { type: 'enum', name: 'State', symbols, ...more },
});

/** Verdicts of both directions and message of each change. */
function changes(old: unknown, next: unknown): string[] {
  const { changes } = diffSchemas(JSON.stringify(old), JSON.stringify(next));
  return changes.map(
    ({ path, kind, backward, forward, message }) =>
      `${path} ${kind} ${backward ? 'yes' : 'no'}/${forward ? 'yes' : 'no'} ${message}`,
  );
}

describe('diffSchemas', () => {
  test.each([
    [
      'a field with default',
      order([id]),
      order([id, { name: 'loyaltyId', type: ['null', 'string'], default: null }]),
      'loyaltyId field-added yes/yes field `loyaltyId` added with default null: old readers ignore it, new readers fill it in',
    ],
    [
      'a field without default',
      order([id]),
      order([id, { name: 'n', type: 'int' }]),
      'n field-added no/yes field `n` added without a default: old readers ignore it, new readers cannot read what was written before, so give it a default',
    ],
    [
      'a field that goes',
      order([id, { name: 'n', type: 'int' }]),
      order([id]),
      'n field-removed yes/no field `n` removed: new readers ignore it, old readers cannot do without it, since it has no default there',
    ],
    [
      'a new name with an alias',
      order([{ name: 'cents', type: 'long' }]),
      order([{ name: 'totalCents', type: 'long', aliases: ['cents'] }]),
      'totalCents field-renamed yes/no field `cents` is now called `totalCents`, with an alias: new readers find it under both names, old readers do not know the new name and cannot do without the field',
    ],
    [
      'a wider enum',
      order([state(['NEW'])]),
      order([state(['NEW', 'PAID'])]),
      'state symbols-added yes/no `shop.State` has `PAID` more: new readers know all that was written, old readers cannot read them, since their enum has no default',
    ],
    [
      'a wider enum with default',
      order([state(['NEW'], { default: 'NEW' })]),
      order([state(['NEW', 'PAID'], { default: 'NEW' })]),
      'state symbols-added yes/yes `shop.State` has `PAID` more: new readers know all that was written, old readers take what they do not know for NEW',
    ],
    [
      'a promotion',
      order([{ name: 'n', type: 'int' }]),
      order([{ name: 'n', type: 'long' }]),
      'n type-changed yes/no `n` is long instead of int: new readers read what was written before, old readers cannot read what is written now',
    ],
    [
      'a branch more',
      order([{ name: 'by', type: ['null', 'int'] }]),
      order([{ name: 'by', type: ['null', 'int', 'string'] }]),
      'by branches-added yes/no `by` may now be string: old readers cannot read it',
    ],
    [
      'another default',
      order([{ name: 'n', type: 'int', default: 0 }]),
      order([{ name: 'n', type: 'int', default: 1 }]),
      'n default-changed yes/yes field `n` has the default 1 instead of 0: it counts where a writer does not have the field',
    ],
    [
      'another name',
      order([id]),
      order([id], { name: 'shop.Purchase', aliases: ['shop.Order'] }),
      ' renamed yes/no `shop.Order` is now called `shop.Purchase`: new readers take one for the other, old readers do not know the new name',
    ],
  ])('says what %s means', (_, old, next, expected) => {
    expect(changes(old, next)).toEqual([expected]);
  });

  test('says nothing of schemas that are the same', () => {
    expect(diffSchemas('"int"', '{"type":"int"}')).toEqual({
      backward: true,
      forward: true,
      changes: [],
    });
  });

  test('finds changes in lists, maps, unions and recursive types, each once', () => {
    const node = (value: string): object => ({
      type: 'record',
      name: 'shop.Node',
      fields: [
        { name: 'value', type: value },
        { name: 'next', type: ['null', 'shop.Node'] },
        { name: 'more', type: { type: 'map', values: { type: 'array', items: 'shop.Node' } } },
      ],
    });
    const old = order([{ name: 'nodes', type: { type: 'array', items: node('int') } }]);
    const next = order([{ name: 'nodes', type: { type: 'array', items: node('long') } }]);
    expect(changes(old, next)).toEqual([
      'nodes[].value type-changed yes/no `nodes[].value` is long instead of int: new readers read what was written before, old readers cannot read what is written now',
    ]);
  });

  test('has a change for each direction that does not hold, over the whole corpus', () => {
    for (const { name, old, next } of corpus) {
      const diff = diffSchemas(JSON.stringify(old), JSON.stringify(next));
      const { backward, forward, changes: all } = diff;
      expect(
        all.some((change) => !change.backward),
        `${name}, backward`,
      ).toBe(!backward);
      expect(
        all.some((change) => !change.forward),
        `${name}, forward`,
      ).toBe(!forward);
    }
  });
});
