import { generatedPairs } from './generated-pairs.ts';

/** Two versions of a schema: `next` is to read what `old` wrote. */
export interface SchemaPair {
  readonly name: string;
  readonly old: unknown;
  readonly next: unknown;
}

const primitives = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'];

function record(fields: unknown[], more: object = {}): object {
  return { type: 'record', name: 'shop.Order', ...more, fields };
}

function field(name: string, type: unknown, more: object = {}): object {
  return { name, type, ...more };
}

/** A record of one field with each of the types. */
function one(name: string, old: unknown, next: unknown): SchemaPair {
  return { name, old: record([field('a', old)]), next: record([field('a', next)]) };
}

function enumOf(symbols: string[], more: object = {}): object {
  return { type: 'enum', name: 'shop.State', symbols, ...more };
}

function fixedOf(size: number, more: object = {}): object {
  return { type: 'fixed', name: 'shop.Hash', size, ...more };
}

function logical(type: string, logicalType: string, more: object = {}): object {
  return { type, logicalType, ...more };
}

function decimal(precision: number, scale: number): object {
  return logical('bytes', 'decimal', { precision, scale });
}

const promotions: SchemaPair[] = primitives.flatMap((old) =>
  primitives.map((next) => one(`${old} as ${next}`, old, next)),
);

const line = (fields: unknown[], more: object = {}): object => ({
  type: 'record',
  name: 'shop.Line',
  ...more,
  fields,
});
const id = field('id', 'string');
const lines = (fields: unknown[], more: object = {}): object =>
  record([id, field('lines', { type: 'array', items: line(fields, more) })]);
const pair = (name: string, old: unknown, next: unknown): SchemaPair => ({ name, old, next });

const fields: SchemaPair[] = [
  pair('the same', record([id]), record([id])),
  pair('another doc', record([id]), record([id], { doc: 'An order.' })),
  pair('fields in another order', record([id, field('b', 'int')]), record([field('b', 'int'), id])),
  pair('added with default', record([id]), record([id, field('b', 'int', { default: 0 })])),
  pair('added without default', record([id]), record([id, field('b', 'int')])),
  pair(
    'added, nullable, with default',
    record([id]),
    record([id, field('b', ['null', 'int'], { default: null })]),
  ),
  pair('added, nullable, without default', record([id]), record([id, field('b', ['null', 'int'])])),
  pair('removed with default', record([id, field('b', 'int', { default: 0 })]), record([id])),
  pair('removed without default', record([id, field('b', 'int')]), record([id])),
  pair('renamed', record([field('a', 'int')]), record([field('b', 'int')])),
  pair(
    'renamed with alias',
    record([field('a', 'int')]),
    record([field('b', 'int', { aliases: ['a'] })]),
  ),
  pair(
    'renamed with default',
    record([field('a', 'int')]),
    record([field('b', 'int', { default: 1 })]),
  ),
  pair(
    'renamed with alias and promotion',
    record([field('a', 'int')]),
    record([field('b', 'long', { aliases: ['a'] })]),
  ),
  pair(
    'renamed with alias, not promoted',
    record([field('a', 'long')]),
    record([field('b', 'int', { aliases: ['a'] })]),
  ),
  pair(
    'alias of a field that stays',
    record([field('a', 'int')]),
    record([field('a', 'int'), field('b', 'int', { aliases: ['a'] })]),
  ),
  pair(
    'alias of the writer alone',
    record([field('b', 'int', { aliases: ['a'] })]),
    record([field('a', 'int')]),
  ),
  pair(
    'second alias',
    record([field('a', 'int')]),
    record([field('c', 'int', { aliases: ['b', 'a'] })]),
  ),
  pair(
    'default to a null union',
    record([id]),
    record([id, field('b', ['string', 'null'], { default: 'x' })]),
  ),
  pair(
    'default taken away',
    record([id, field('b', 'int', { default: 0 })]),
    record([id, field('b', 'int')]),
  ),
  pair(
    'default changed',
    record([id, field('b', 'int', { default: 0 })]),
    record([id, field('b', 'int', { default: 1 })]),
  ),
  pair(
    'added record with default',
    record([id]),
    record([id, field('b', line([id]), { default: { id: 'x' } })]),
  ),
  pair(
    'added list with default',
    record([id]),
    record([id, field('b', { type: 'array', items: 'int' }, { default: [] })]),
  ),
  pair(
    'added enum with default of the type alone',
    record([id]),
    record([id, field('b', enumOf(['A'], { default: 'A' }))]),
  ),
  pair(
    'two added, one without default',
    record([id]),
    record([id, field('b', 'int', { default: 0 }), field('c', 'int')]),
  ),
  pair('all fields gone', record([id]), record([])),
  pair('from no fields', record([]), record([id])),
];

const names: SchemaPair[] = [
  pair('another name', record([id]), record([id], { name: 'shop.Purchase' })),
  pair(
    'another name with alias',
    record([id]),
    record([id], { name: 'shop.Purchase', aliases: ['shop.Order'] }),
  ),
  pair(
    'another name with short alias',
    record([id]),
    record([id], { name: 'shop.Purchase', aliases: ['Order'] }),
  ),
  pair('another namespace', record([id]), record([id], { name: 'store.Order' })),
  pair(
    'another namespace with alias',
    record([id]),
    record([id], { name: 'store.Order', aliases: ['shop.Order'] }),
  ),
  pair(
    'another name, alias of another namespace',
    record([id]),
    record([id], { name: 'store.Purchase', aliases: ['store.Order'] }),
  ),
  pair('namespace apart', record([id]), {
    type: 'record',
    name: 'Order',
    namespace: 'shop',
    fields: [id],
  }),
  pair('inner record renamed', lines([id]), lines([id], { name: 'shop.Item' })),
  pair(
    'inner record renamed with alias',
    lines([id]),
    lines([id], { name: 'shop.Item', aliases: ['shop.Line'] }),
  ),
  pair('inner record moved', lines([id]), lines([id], { name: 'store.Line' })),
  one('enum renamed', enumOf(['A']), enumOf(['A'], { name: 'shop.Other' })),
  one(
    'enum renamed with alias',
    enumOf(['A']),
    enumOf(['A'], { name: 'shop.Other', aliases: ['shop.State'] }),
  ),
  one('enum moved', enumOf(['A']), enumOf(['A'], { name: 'store.State' })),
  one('fixed renamed', fixedOf(4), fixedOf(4, { name: 'shop.Other' })),
  one(
    'fixed renamed with alias',
    fixedOf(4),
    fixedOf(4, { name: 'shop.Other', aliases: ['shop.Hash'] }),
  ),
  one('fixed moved', fixedOf(4), fixedOf(4, { name: 'store.Hash' })),
];

const enums: SchemaPair[] = [
  one('enum widened', enumOf(['A', 'B']), enumOf(['A', 'B', 'C'])),
  one('enum narrowed', enumOf(['A', 'B']), enumOf(['A'])),
  one('enum narrowed with default', enumOf(['A', 'B']), enumOf(['A'], { default: 'A' })),
  one('enum default of the writer alone', enumOf(['A', 'B'], { default: 'A' }), enumOf(['A'])),
  one('enum in another order', enumOf(['A', 'B']), enumOf(['B', 'A'])),
  one('enum with other symbols', enumOf(['A', 'B']), enumOf(['C', 'D'])),
  one(
    'enum with other symbols and default',
    enumOf(['A', 'B']),
    enumOf(['C', 'D'], { default: 'C' }),
  ),
  one('enum as string', enumOf(['A']), 'string'),
  one('string as enum', 'string', enumOf(['A'])),
  one('enum renamed and narrowed', enumOf(['A', 'B']), enumOf(['A'], { name: 'shop.Other' })),
];

const fixed: SchemaPair[] = [
  one('fixed of another size', fixedOf(4), fixedOf(8)),
  one('fixed renamed and of another size', fixedOf(4), fixedOf(8, { name: 'shop.Other' })),
  one('fixed as bytes', fixedOf(4), 'bytes'),
  one('bytes as fixed', 'bytes', fixedOf(4)),
];

const array = (items: unknown): object => ({ type: 'array', items });
const map = (values: unknown): object => ({ type: 'map', values });

const containers: SchemaPair[] = [
  one('array promoted', array('int'), array('long')),
  one('array narrowed', array('long'), array('int')),
  one('map promoted', map('float'), map('double')),
  one('map narrowed', map('double'), map('float')),
  one('array as map', array('int'), map('int')),
  one('item as array', 'int', array('int')),
  one('array as item', array('int'), 'int'),
  one('array of arrays promoted', array(array('int')), array(array('double'))),
  one('map of arrays of enums widened', map(array(enumOf(['A']))), map(array(enumOf(['A', 'B'])))),
  one('map of arrays of enums narrowed', map(array(enumOf(['A', 'B']))), map(array(enumOf(['A'])))),
  one('array items nullable', array('int'), array(['null', 'int'])),
  one('array items no longer nullable', array(['null', 'int']), array('int')),
  pair('bare array promoted', array('int'), array('float')),
  pair('bare map narrowed', map('long'), map('int')),
  pair(
    'inner field added with default',
    lines([id]),
    lines([id, field('n', 'int', { default: 1 })]),
  ),
  pair('inner field added', lines([id]), lines([id, field('n', 'int')])),
  pair('inner field removed', lines([id, field('n', 'int')]), lines([id])),
  pair(
    'inner field renamed with alias',
    lines([field('n', 'int')]),
    lines([field('m', 'int', { aliases: ['n'] })]),
  ),
  pair(
    'several faults at once',
    lines([id, field('n', 'long'), field('s', enumOf(['A', 'B']))]),
    lines([id, field('n', 'int'), field('s', enumOf(['A'])), field('x', 'string')]),
  ),
  one('record as map', line([id]), map('string')),
  one('map as record', map('string'), line([id])),
];

const card = line([id], { name: 'shop.Card' });
const cash = line([field('amount', 'long')], { name: 'shop.Cash' });
const wire = line([id, field('iban', 'string')], { name: 'shop.Wire' });

const unions: SchemaPair[] = [
  one('made nullable', 'string', ['null', 'string']),
  one('made nullable, null last', 'string', ['string', 'null']),
  one('no longer nullable', ['null', 'string'], 'string'),
  one('null in another place', ['null', 'string'], ['string', 'null']),
  one('union widened', ['null', 'int'], ['null', 'int', 'string']),
  one('union narrowed', ['null', 'int', 'string'], ['null', 'int']),
  one('union promoted', ['null', 'int'], ['null', 'long']),
  one('union not promoted', ['null', 'long'], ['null', 'int']),
  one('int into long or string', 'int', ['string', 'long']),
  one('int into string or boolean', 'int', ['string', 'boolean']),
  one('int into float or double', 'int', ['float', 'double']),
  one('string into bytes', 'string', ['null', 'bytes']),
  one('bytes into string', 'bytes', ['null', 'string']),
  one('union of int and long as double', ['int', 'long'], 'double'),
  one('union of int and string as long', ['int', 'string'], 'long'),
  one('union of string and bytes as string', ['string', 'bytes'], 'string'),
  one('union of one', ['string'], 'string'),
  one('union of records widened', [card, cash], [card, cash, wire]),
  one('union of records narrowed', [card, cash, wire], [card, cash]),
  one('union of records in another order', [card, cash], [cash, card]),
  one('record into union of records', card, ['null', cash, card]),
  one('record into union without it', wire, ['null', cash]),
  one('record into union by structure', line([id], { name: 'shop.Cheque' }), ['null', card]),
  one('record into union by alias', card, [
    'null',
    line([id], { name: 'shop.Plastic', aliases: ['shop.Card'] }),
  ]),
  one(
    'record in a union with a field more',
    [card, cash],
    [line([id, field('cvc', 'string')], { name: 'shop.Card' }), cash],
  ),
  one(
    'record in a union with a field more and a default',
    [card, cash],
    [line([id, field('cvc', 'string', { default: '' })], { name: 'shop.Card' }), cash],
  ),
  one('records of one short name in a union', [card, line([id], { name: 'old.Card' })], [card]),
  one('enum in a union widened', ['null', enumOf(['A'])], ['null', enumOf(['A', 'B'])]),
  one('enum in a union narrowed', ['null', enumOf(['A', 'B'])], ['null', enumOf(['A'])]),
  one(
    'enum in a union narrowed with default',
    ['null', enumOf(['A', 'B'])],
    ['null', enumOf(['A'], { default: 'A' })],
  ),
  one(
    'enum in a union, or string',
    ['null', enumOf(['A', 'B'])],
    ['null', enumOf(['A']), 'string'],
  ),
  one('array in a union promoted', ['null', array('int')], ['null', array('long')]),
  one('array in a union narrowed', ['null', array('long')], ['null', array('int')]),
  one('map and array in a union', ['null', map('int')], ['null', array('int'), map('double')]),
  one('fixed in a union of another size', ['null', fixedOf(4)], ['null', fixedOf(8)]),
  one('union as null', ['null', 'int'], 'null'),
  one('null as union', 'null', ['null', 'int']),
  one('null as union without it', 'null', ['int', 'string']),
  pair('bare union widened', ['string', 'int'], ['string', 'int', 'null']),
  pair('bare union narrowed', ['string', 'int', 'null'], ['string', 'int']),
  pair('bare record into a bare union', record([id]), [record([id]), 'null']),
  pair('bare union of records to one', [record([id]), card], record([id])),
  pair('bare union of one record to it', [record([id])], record([id])),
];

const tree = (value: unknown, more: unknown[] = []): object => ({
  type: 'record',
  name: 'shop.Node',
  fields: [field('value', value), field('next', ['null', 'shop.Node'], { default: null }), ...more],
});
const forest = (value: unknown, more: unknown[] = []): object => ({
  type: 'record',
  name: 'shop.Tree',
  fields: [field('children', array('shop.Tree')), field('value', value), ...more],
});
const mutual = (value: unknown): object => ({
  type: 'record',
  name: 'shop.A',
  fields: [
    field('b', [
      'null',
      {
        type: 'record',
        name: 'shop.B',
        fields: [field('a', ['null', 'shop.A']), field('v', value)],
      },
    ]),
  ],
});

const recursive: SchemaPair[] = [
  pair('recursive, the same', tree('int'), tree('int')),
  pair('recursive, promoted', tree('int'), tree('long')),
  pair('recursive, narrowed', tree('long'), tree('int')),
  pair('recursive, field added', tree('int'), tree('int', [field('x', 'int')])),
  pair(
    'recursive, field added with default',
    tree('int'),
    tree('int', [field('x', 'int', { default: 0 })]),
  ),
  pair(
    'recursive, field added of its own type',
    tree('int'),
    tree('int', [field('prev', ['null', 'shop.Node'], { default: null })]),
  ),
  pair('tree, promoted', forest('int'), forest('double')),
  pair('tree, narrowed', forest('double'), forest('int')),
  pair('tree, field removed', forest('int', [field('x', 'int')]), forest('int')),
  pair('mutual, promoted', mutual('int'), mutual('long')),
  pair('mutual, narrowed', mutual('long'), mutual('int')),
  pair('recursive in a union of records', [tree('int'), card], [card, tree('long')]),
  pair('recursive in a union of records, narrowed', [tree('long'), card], [card, tree('int')]),
  pair('no longer recursive', tree('int'), {
    type: 'record',
    name: 'shop.Node',
    fields: [field('value', 'int')],
  }),
];

const kinds: [string, string][] = [
  ['long', 'timestamp-millis'],
  ['long', 'timestamp-micros'],
  ['long', 'timestamp-nanos'],
  ['long', 'local-timestamp-millis'],
  ['long', 'local-timestamp-micros'],
  ['int', 'date'],
  ['int', 'time-millis'],
  ['long', 'time-micros'],
  ['string', 'uuid'],
];

const logicals: SchemaPair[] = [
  ...kinds.map(([type, name]) => one(`${type} as ${name}`, type, logical(type, name))),
  ...kinds.map(([type, name]) => one(`${name} as ${type}`, logical(type, name), type)),
  one('millis as micros', logical('long', 'timestamp-millis'), logical('long', 'timestamp-micros')),
  one('micros as millis', logical('long', 'timestamp-micros'), logical('long', 'timestamp-millis')),
  one(
    'timestamp as local',
    logical('long', 'timestamp-millis'),
    logical('long', 'local-timestamp-millis'),
  ),
  one('date as time', logical('int', 'date'), logical('int', 'time-millis')),
  one('date as timestamp', logical('int', 'date'), logical('long', 'timestamp-millis')),
  one('int as timestamp', 'int', logical('long', 'timestamp-millis')),
  one('timestamp as int', logical('long', 'timestamp-millis'), 'int'),
  one('time-millis as time-micros', logical('int', 'time-millis'), logical('long', 'time-micros')),
  one('time-micros as time-millis', logical('long', 'time-micros'), logical('int', 'time-millis')),
  one('decimal, the same', decimal(6, 2), decimal(6, 2)),
  one('decimal of more digits', decimal(6, 2), decimal(9, 2)),
  one('decimal of fewer digits', decimal(9, 2), decimal(6, 2)),
  one('decimal of another scale', decimal(6, 2), decimal(6, 4)),
  one('decimal as bytes', decimal(6, 2), 'bytes'),
  one('bytes as decimal', 'bytes', decimal(6, 2)),
  one('string as decimal', 'string', decimal(6, 2)),
  one('decimal as string', decimal(6, 2), 'string'),
  one(
    'decimal on fixed of another size',
    fixedOf(4, { logicalType: 'decimal', precision: 6, scale: 2 }),
    fixedOf(8, { logicalType: 'decimal', precision: 6, scale: 2 }),
  ),
  one(
    'decimal on fixed of another scale',
    fixedOf(4, { logicalType: 'decimal', precision: 6, scale: 2 }),
    fixedOf(4, { logicalType: 'decimal', precision: 6, scale: 3 }),
  ),
  one(
    'decimal on fixed as on bytes',
    fixedOf(4, { logicalType: 'decimal', precision: 6, scale: 2 }),
    decimal(6, 2),
  ),
  one('nullable decimal of another scale', ['null', decimal(6, 2)], ['null', decimal(6, 3)]),
  one('duration as fixed', fixedOf(12, { logicalType: 'duration' }), fixedOf(12)),
  one('fixed as duration', fixedOf(12), fixedOf(12, { logicalType: 'duration' })),
  one('uuid as string in a union', ['null', logical('string', 'uuid')], ['null', 'string']),
  one('long as bigint', 'long', logical('long', 'bigint')),
  one('bigint as long', logical('long', 'bigint'), 'long'),
];

/**
 * Pairs that a real registry has judged; see `registry-verdicts.json`. More than 300, each in the
 * direction old to next.
 */
export const corpus: readonly SchemaPair[] = [
  ...promotions,
  ...fields,
  ...names,
  ...enums,
  ...fixed,
  ...containers,
  ...unions,
  ...recursive,
  ...logicals,
  ...generatedPairs(120),
];
