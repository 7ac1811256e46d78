import { describe, expect, test } from 'vitest';
import { loadCatalog } from '../../schemas/index.ts';

const order = `{
  "type": "record", "name": "Order", "namespace": "shop", "doc": "an order",
  "fields": [
    { "name": "id", "type": "string" },
    { "name": "at", "type": { "type": "long", "logicalType": "timestamp-millis" } },
    { "name": "lines", "type": { "type": "array", "items": "Line" } },
    { "name": "note", "type": ["null", "string"], "default": null }
  ]
}`;
const line = `{
  "name": "shop.Line", "type": "record",
  "fields": [
    { "name": "kind", "type": { "type": "enum", "name": "Kind", "symbols": ["A", "B"] } },
    { "name": "count", "type": "int", "default": 1, "doc": "pieces" }
  ]
}`;

function load(...texts: string[]) {
  return loadCatalog(texts.map((text, i) => ({ file: `f${i}.avsc`, text })));
}

describe('loadCatalog', () => {
  test('resolves references to other files in any order', () => {
    for (const texts of [
      [order, line],
      [line, order],
    ]) {
      const { catalog, problems } = load(...texts);
      expect(problems).toEqual([]);
      expect(catalog.names()).toEqual(['shop.Kind', 'shop.Line', 'shop.Order']);
      expect(catalog.type('shop.Order')).toEqual({
        kind: 'record',
        name: 'shop.Order',
        doc: 'an order',
        fields: [
          { name: 'id', type: { kind: 'string' }, hasDefault: false },
          { name: 'at', type: { kind: 'long', logical: 'timestamp-millis' }, hasDefault: false },
          {
            name: 'lines',
            type: { kind: 'array', items: catalog.type('shop.Line') },
            hasDefault: false,
          },
          {
            name: 'note',
            type: { kind: 'union', branches: [{ kind: 'null' }, { kind: 'string' }] },
            hasDefault: true,
            default: null,
          },
        ],
      });
      expect(catalog.type('shop.Kind')).toEqual({
        kind: 'enum',
        name: 'shop.Kind',
        symbols: ['A', 'B'],
      });
    }
  });

  test('gives primitives by name and undefined for what is not there', () => {
    const { catalog } = load();
    expect(catalog.type('long')).toEqual({ kind: 'long' });
    expect(catalog.type('shop.Nothing')).toBeUndefined();
  });

  test('makes a recursive type cyclic', () => {
    const { catalog, problems } = load(
      '{"type":"record","name":"Node","fields":[{"name":"next","type":["null","Node"]}]}',
    );
    expect(problems).toEqual([]);
    const node = catalog.type('Node');
    if (node?.kind !== 'record') throw new Error('no record');
    const next = node.fields[0]?.type;
    if (next?.kind !== 'union') throw new Error('no union');
    expect(next.branches[1]).toBe(node);
  });

  test('places a type and a field at their opening brace', () => {
    const { catalog } = load(order, line);
    expect(catalog.at('shop.Order')).toEqual({ file: 'f0.avsc', line: 1, column: 1 });
    expect(catalog.at('shop.Order', 'lines')).toEqual({ file: 'f0.avsc', line: 6, column: 5 });
    expect(catalog.at('shop.Kind')).toEqual({ file: 'f1.avsc', line: 4, column: 31 });
    expect(catalog.at('shop.Order', 'nothing')).toBeUndefined();
    expect(catalog.at('long')).toBeUndefined();
  });

  test.each([
    ['{ "type": "record", }', 'expected a name in double quotes, but found "}"', 1, 21],
    ['{\r\n "a": 01 }', 'expected "," or "}", but found "1"', 2, 8],
    ['\ufeff{ "a" 1 }', 'expected ":", but found "1"', 1, 7],
    ['', 'expected a value, but the text ends', 1, 1],
    ['"x" "y"', 'expected the end of the text, but found "\\""', 1, 5],
    ['{ "a": "\\q" }', 'a bad escape or a line break inside double quotes', 1, 8],
    ['{ "a": "b }', 'the text in double quotes does not end', 1, 8],
    ['['.repeat(600), 'nested more than 512 levels deep', 1, 513],
  ])('says where %j is not JSON', (text, message, line, column) => {
    expect(load(text).problems).toEqual([
      { code: 'S001', severity: 'error', message, at: { file: 'f0.avsc', line, column } },
    ]);
  });

  test('reports every unknown name with what was likely meant', () => {
    const { catalog, problems } = load(
      line,
      '{"type":"record","name":"R","namespace":"shop","fields":[\n{"name":"a","type":"Lime"},\n{"name":"b","type":"nowhere.Zzzzzz"}]}',
    );
    expect(problems).toEqual([
      {
        code: 'S003',
        severity: 'error',
        message: 'there is no type "shop.Lime"',
        at: { file: 'f1.avsc', line: 2, column: 20 },
        suggestion: 'did you mean "shop.Line"?',
      },
      {
        code: 'S003',
        severity: 'error',
        message: 'there is no type "nowhere.Zzzzzz"',
        at: { file: 'f1.avsc', line: 3, column: 20 },
      },
    ]);
    expect(catalog.names()).toEqual(['shop.Kind', 'shop.Line']);
  });

  test('reports a second definition and where the first is', () => {
    const { problems } = load(line, line.replace('"Kind"', '"Other"'));
    expect(problems).toMatchObject([
      {
        code: 'S004',
        message: 'shop.Line is defined twice',
        at: { file: 'f1.avsc', line: 1, column: 1 },
        notes: [{ message: 'first defined', at: { file: 'f0.avsc', line: 1, column: 1 } }],
      },
    ]);
  });

  test.each([
    ['{"type":"record","name":"R"}', 'a record needs a list of "fields"'],
    ['{"type":"record","name":"R","fields":[{"name":"a"}]}', 'field "a" has no type'],
    [
      '{"type":"record","name":"R","fields":[{"name":"a b","type":"int"}]}',
      '"a b" cannot be the name of a field',
    ],
    ['{"type":"record","name":"R","fields":[1]}', 'a field is an object with "name" and "type"'],
    ['{"type":"record","fields":[]}', 'this record needs a name'],
    ['{"type":"enum","name":"E","symbols":[]}', 'an enum needs a list of "symbols"'],
    ['{"type":"enum","name":"E","symbols":["A","A"]}', 'symbol "A" is there twice'],
    ['{"type":"fixed","name":"F","size":-1}', 'a fixed type needs a "size" in bytes'],
    ['{"type":"array"}', 'a type is missing here'],
    [
      '{"type":"record","name":"R","fields":[{"name":"a","type":[["int"]]}]}',
      'a union may not hold a union',
    ],
    [
      '{"type":"record","name":"R","fields":[{"name":"a","type":7}]}',
      'a type is a name, an object or a list',
    ],
    [
      '{"type":"record","name":"R","fields":[{"name":"a","type":"int","default":"x"}]}',
      'R is not Avro: field "a": incompatible field default "x" (invalid "int": "x")',
    ],
    [
      '{"type":"record","name":"R","fields":[{"name":"a","type":["int","int"]}]}',
      'R is not Avro: duplicate union branch name: "int"',
    ],
  ])('refuses %s', (text, message) => {
    const { catalog, problems } = load(text);
    expect(problems.map((p) => [p.code, p.message])).toEqual([['S002', message]]);
    expect(catalog.names()).toEqual([]);
  });

  test('points at the default that does not fit its field', () => {
    const place = '{"name":"at","type":{"type":"record","name":"P","fields":[';
    const { problems } = load(
      `{"type":"record","name":"R","fields":[\n` +
        `{"name":"ok","type":"int","default":1},\n` +
        `${place}{"name":"x","type":"int"}]},"default":{"x":1}},\n` +
        `{"name":"bad","type":"P","default":{}}]}`,
    );
    expect(problems.map(({ at, message }) => [at.line, at.column, message])).toEqual([
      [
        4,
        36,
        'R is not Avro: field "bad": incompatible field default {} (invalid "int": undefined)',
      ],
    ]);
  });

  test('leaves out what refers to something broken, without a second report', () => {
    const { catalog, problems } = load(order, '{"type":"enum","name":"shop.Line","symbols":[]}');
    expect(problems).toHaveLength(1);
    expect(catalog.names()).toEqual([]);
    expect(catalog.type('shop.Order')).toBeUndefined();
  });

  test('keeps other types usable when the default of one is wrong', () => {
    const { catalog } = load(
      line,
      '{"type":"record","name":"R","fields":[{"name":"a","type":"shop.Line"},{"name":"b","type":"int","default":"x"}]}',
    );
    expect(catalog.names()).toEqual(['shop.Kind', 'shop.Line']);
    expect(catalog.codec('shop.Line').isValid({ kind: 'A' })).toBe(true);
  });
});

describe('canonicalSchema', () => {
  test('holds every definition once, names in full, attributes in a fixed order', () => {
    const { catalog } = load(order, line);
    expect(JSON.parse(catalog.canonicalSchema('shop.Order'))).toEqual({
      type: 'record',
      name: 'shop.Order',
      doc: 'an order',
      fields: [
        { name: 'id', type: 'string' },
        { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
        {
          name: 'lines',
          type: {
            type: 'array',
            items: {
              type: 'record',
              name: 'shop.Line',
              fields: [
                { name: 'kind', type: { type: 'enum', name: 'shop.Kind', symbols: ['A', 'B'] } },
                { name: 'count', doc: 'pieces', type: 'int', default: 1 },
              ],
            },
          },
        },
        { name: 'note', type: ['null', 'string'], default: null },
      ],
    });
  });

  test('does not depend on the order of files or attributes', () => {
    const shuffled = `{ "fields": [ { "type": { "symbols": ["A", "B"], "name": "Kind", "type": "enum" }, "name": "kind" },
      { "doc": "pieces", "default": 1, "type": {"type": "int"}, "name": "count" } ], "type": "record", "namespace": "shop", "name": "Line" }`;
    expect(load(shuffled, order).catalog.canonicalSchema('shop.Order')).toBe(
      load(order, line).catalog.canonicalSchema('shop.Order'),
    );
  });

  test('names a type the second time it is used', () => {
    const { catalog } = load(
      '{"type":"record","name":"a.R","fields":[{"name":"x","type":{"type":"fixed","name":"F","size":2}},{"name":"y","type":"F"},{"name":"z","type":["null","R"]}]}',
    );
    expect(JSON.parse(catalog.canonicalSchema('a.R'))).toMatchObject({
      fields: [{ type: { name: 'a.F', size: 2 } }, { type: 'a.F' }, { type: ['null', 'a.R'] }],
    });
  });

  test('writes types without a name by structure', () => {
    const { catalog } = load();
    expect(catalog.canonicalSchema('long')).toBe('"long"');
    expect(
      catalog.canonicalSchema({ kind: 'map', values: { kind: 'long', logical: 'date' } }),
    ).toBe('{"type":"map","values":{"type":"long","logicalType":"date"}}');
  });

  test('keeps attributes that Avro does not know', () => {
    const { catalog } = load(
      '{"type":"record","name":"R","owner":"me","fields":[{"name":"a","pii":true,"type":{"type":"bytes","scale":2,"precision":4,"logicalType":"decimal"}}]}',
    );
    expect(catalog.canonicalSchema('R')).toBe(
      '{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"bytes","logicalType":"decimal","precision":4,"scale":2},"pii":true}],"owner":"me"}',
    );
  });

  test('says which types there are when it is asked for another', () => {
    expect(() => load(line).catalog.canonicalSchema('shop.Lin')).toThrow(
      'there is no Avro type "shop.Lin" among the schemas: known are shop.Kind, shop.Line',
    );
  });
});
