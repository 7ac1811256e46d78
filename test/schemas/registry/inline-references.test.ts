import { describe, expect, test } from 'vitest';
import { writtenReader } from '../../../schemas/index.ts';
import { inlineReferences } from '../../../schemas/registry/inline-references.ts';

const money =
  '{"type":"record","name":"Money","namespace":"shop","fields":[{"name":"cents","type":"long"}]}';

function inlined(schema: object, ...referenced: readonly string[]): unknown {
  const text = inlineReferences(JSON.stringify(schema), referenced);
  // What comes is a whole schema.
  writtenReader(text);
  return JSON.parse(text);
}

describe('inlineReferences', () => {
  test('leaves a schema as it is that refers to nothing', () => {
    expect(inlineReferences('{ "type" : "int" }', [])).toBe('{ "type" : "int" }');
  });

  test('puts a definition in where its name stands first', () => {
    const schema = {
      type: 'record',
      name: 'shop.Bill',
      fields: [
        { name: 'total', type: 'Money' },
        { name: 'tips', type: { type: 'array', items: 'shop.Money' } },
      ],
    };
    expect(inlined(schema, money)).toEqual({
      type: 'record',
      name: 'shop.Bill',
      fields: [
        {
          name: 'total',
          type: { type: 'record', name: 'shop.Money', fields: [{ name: 'cents', type: 'long' }] },
        },
        { name: 'tips', type: { type: 'array', items: 'shop.Money' } },
      ],
    });
  });

  test('takes names in a referenced schema as its own namespace has them', () => {
    const price =
      '{"type":"record","name":"Price","namespace":"shop","fields":[{"name":"of","type":"Money"}]}';
    const schema = { type: 'map', values: ['null', 'shop.Price'] };
    expect(inlined(schema, price, money)).toMatchObject({
      values: [
        'null',
        { name: 'shop.Price', fields: [{ type: { name: 'shop.Money', type: 'record' } }] },
      ],
    });
  });

  test('finds a type without a namespace from inside of one', () => {
    const sum = '{"type":"fixed","name":"Sum","size":4}';
    const schema = {
      type: 'record',
      name: 'shop.Bill',
      fields: [
        { name: 'total', type: 'Sum' },
        { name: 'tip', type: 'Sum' },
      ],
    };
    const whole = JSON.stringify(inlined(schema, sum));
    const payload = Buffer.from([0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2]);
    expect(writtenReader(whole)(payload)).toEqual({
      total: Buffer.from([1, 1, 1, 1]),
      tip: Buffer.from([2, 2, 2, 2]),
    });
  });

  test('takes a definition from inside another one', () => {
    const outer =
      '{"type":"record","name":"a.Outer","fields":[{"name":"x","type":{"type":"enum","name":"Mood","symbols":["GLAD"]}}]}';
    expect(inlined(['null', 'a.Mood'] as object, outer)).toEqual([
      'null',
      { type: 'enum', name: 'a.Mood', symbols: ['GLAD'] },
    ]);
  });

  test('ends where definitions name each other', () => {
    const node =
      '{"type":"record","name":"t.Node","fields":[{"name":"next","type":["null","t.Node"]}]}';
    expect(inlined({ type: 'array', items: 't.Node' }, node)).toEqual({
      type: 'array',
      items: {
        type: 'record',
        name: 't.Node',
        fields: [{ name: 'next', type: ['null', 't.Node'] }],
      },
    });
  });
});
