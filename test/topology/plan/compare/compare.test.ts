import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { differenceText } from '../../../../topology/plan/compare/difference.ts';
import { digestOf } from '../../../../topology/plan/compare/manifest.ts';
import { type Edit, compare, manifest, orders, swap, tryManifest, verdicts } from './edits.ts';

const stage = (text: string) => swap('\nerrors:\n', `\n  ${text}\n\nerrors:\n`);
const copies = swap(
  '  paid:  ',
  '  copies: { topic: orders.copies, key: string, value: shop.OrderPlaced, partitions: 4 }\n  paid:  ',
);
const field = (text: string) => swap('"fields": [', `"fields": [ ${text},`);
const withDefault = field('{ "name": "note", "type": "string", "default": "" }');
const withoutDefault = field('{ "name": "note", "type": "string" }');

describe('compareManifests', () => {
  test('finds nothing in comments, docs and order', () => {
    const topology = (text: string): string =>
      swap(
        'doc: Orders from placement to payment.',
        'doc: Other words.',
      )(text)
        .replace(/ +#.*$/gm, '')
        .replace(/^( {2}reject:.*)\n( {2}run-short:.*)$/m, '$2\n$1');
    const schemas = { 'hold.avsc': swap('"name": "Hold"', '"name": "Hold", "doc": "new words"') };
    expect(verdicts({ topology, schemas })).toEqual([]);
  });

  test.each<[string, Edit, string[]]>([
    [
      'the retry of a call',
      { topology: swap('backoff: 200ms', 'backoff: 300ms') },
      ['rolling   stage "charge": its retry changed'],
    ],
    [
      'time-out and concurrency of a call',
      {
        topology: (text) =>
          swap('timeout: 2s', 'timeout: 3s')(swap('limit: 64', 'limit: 32')(text)),
      },
      ['rolling   stage "charge": its concurrency, timeout changed'],
    ],
    [
      'the error policy',
      { topology: swap('5% of 100', '6% of 100') },
      ['rolling   application "orders": failing records are treated in another way'],
    ],
    [
      'a new stage without state, whatever its name',
      {
        topology: (text) =>
          copies(stage('a-big: { from: placed, filter: value.totalCents > 5, to: copies }')(text)),
      },
      ['rolling   stage "a-big": it is new, and writes to "orders.copies"; from now on'],
    ],
    [
      'a new stage with state in tasks of its own',
      {
        topology: stage(
          'per-store: { from: validate.invalid, group-by: value.storeId, count: {}, drop: [out] }',
        ),
      },
      [
        'rolling   stage "per-store": it is new; from now on',
        'rolling   store "per-store": it is new; it begins empty, and holds what is processed from now on',
      ],
    ],
    [
      'a new sink',
      {
        topology: (text) =>
          copies(
            swap(
              '    out: [first]\n\n  validate',
              '    out: [first]\n    to: copies\n\n  validate',
            )(text),
          ),
      },
      ['rolling   stage "once": it also writes to "orders.copies"; from now on'],
    ],
    [
      'a stage without state that is gone',
      {
        topology: (text) =>
          swap(
            '      - valid: otherwise',
            '      - valid: otherwise\n    drop: [invalid]',
          )(text.replace(/ {2}reject:.*\n/, '')),
      },
      ['rolling   stage "reject": it is gone, and does not write to "orders.status" any more'],
    ],
    [
      'a stage with state that has another name',
      {
        topology: (text) => swap('  once:\n', '  only:\n')(swap('once.first', 'only.first')(text)),
      },
      [
        'forbidden stage "once": it looks as if it were called "only" now; its state belongs to the old name: keep that',
        'forbidden store "once-seen": it looks as if it were called "only-seen" now; under the new name it would begin empty: keep the old name; left behind: orders-once-seen-changelog',
        'rolling   stage "validate": its inputs changed; a replay would give another result',
      ],
    ],
    [
      'a store value that both versions read',
      { schemas: { 'hold.avsc': withDefault } },
      [
        'rolling   store "holds": its values are shop.Hold of another version; each version reads what the other wrote; rows that are there stay as they are',
      ],
    ],
    [
      'a store value that the new version does not read',
      { schemas: { 'hold.avsc': withoutDefault } },
      [
        'migrate   store "holds": its values are shop.Hold of another version; the new schema does not read what is stored, and nothing rewrites it yet: a reset makes it anew',
      ],
    ],
    [
      'the key of a store',
      { schemas: { 'stock-key.avsc': withDefault } },
      [
        'rebuild   store "stock": its keys are shop.StockKey of another version; rows are found by the bytes of their keys',
      ],
    ],
    [
      'the key expression in front of a store',
      {
        topology: swap(
          'validate.valid,  key: value.storeId',
          'validate.valid,  key: value.customerId',
        ),
      },
      [
        'rebuild   stage "reserve": the key of input "take" is value.customerId instead of value.storeId; the rows of "holds", "stock" lie under the old one',
      ],
    ],
    [
      'what a dedupe tells apart',
      { topology: swap('by: value.id, compare', 'by: key, compare') },
      [
        'rebuild   stage "arrived": what tells repeats is key, value instead of value.id, value; the rows of "arrived-seen" lie under the old one',
      ],
    ],
    [
      'the partitions of inputs',
      { topology: swap('partitions: 4', 'partitions: 8') },
      [
        'rebuild   sub-topology "arrived": it has 8 partitions instead of 4; keys lie in other partitions than their state',
        'rebuild   sub-topology "charge": it has 8 partitions instead of 4; keys lie in other partitions than their state',
        'rebuild   sub-topology "once": it has 8 partitions instead of 4; keys lie in other partitions than their state',
        'drain     sub-topology "picked": it has 8 partitions instead of 4; keys lie in other partitions than before',
        'rolling   topic "orders.paid": it is to have 8 partitions instead of 4; keys lie in other partitions from now on',
        'rolling   topic "orders.status": it is to have 8 partitions instead of 4; keys lie in other partitions from now on',
      ],
    ],
    [
      'a shorter retention',
      {
        topology: swap(
          'by: key, compare: value, retention: 30d',
          'by: key, compare: value, retention: 10d',
        ),
      },
      ['drain     store "once-seen": rows live 10d instead of 30d; older rows are dropped'],
    ],
    [
      'a longer retention',
      {
        topology: swap(
          'by: key, compare: value, retention: 30d',
          'by: key, compare: value, retention: 40d12h',
        ),
      },
      [
        'rolling   store "once-seen": rows live 40d12h instead of 30d; what has expired stays gone: it is incomplete at first',
      ],
    ],
    [
      'a time to live where there was none',
      { topology: swap('ttl: 30d', 'ttl: none, why: orders are few') },
      [
        'rolling   store "holds": rows live for ever instead of 30d; what has expired stays gone: it is incomplete at first',
      ],
    ],
    [
      'a source schema that resolves',
      { schemas: { 'delivery.avsc': withDefault } },
      [
        'rolling   topic "warehouse.deliveries": its values are shop.Delivery, of another version; each version reads what the other wrote',
      ],
    ],
    [
      'a source schema that does not resolve',
      { schemas: { 'delivery.avsc': withoutDefault } },
      [
        'drain     topic "warehouse.deliveries": its values are shop.Delivery, of another version; the new version does not read what lies there; to be read to its end first: warehouse.deliveries',
      ],
    ],
    [
      'the body of a function',
      { functions: { reserve: 'r2' } },
      [
        'rolling   function "reserve": its code or what it imports has changed; rows that are there stay as the old version made them; a replay would give another result',
      ],
    ],
    [
      'the name of the application',
      { topology: swap('application: orders', 'application: shop') },
      [
        'forbidden application "shop": it was called "orders"; positions, state and internal topics belong to the old name',
      ],
    ],
    [
      'another topic of a stream',
      { topology: swap('topic: orders.placed,', 'topic: orders.placed2,') },
      [
        'drain     sub-topology "once": it also reads "orders.placed2"; a task of it is not the same in both versions',
        'drain     sub-topology "once": it does not read "orders.placed" any more',
        'rolling   source "placed": its topics changed; a replay would give another result',
      ],
    ],
  ])('judges %s', (_, edit, expected) => {
    expect(verdicts(edit)).toEqual(expected);
  });

  test('drains what lies before a stage that is gone', () => {
    const more = stage(
      'per-store: { from: validate.invalid, group-by: value.storeId, count: {}, drop: [out] }',
    );
    const old = manifest(more(orders));
    const next = manifest(orders, {}, old.subTopologies);
    expect(compare(old, next).map(differenceText)).toEqual([
      'drain     stage "per-store": it is gone; to be read to its end first: orders-per-store-repartition; left behind: orders-per-store-repartition',
      'drain     store "per-store": it is gone; left behind: orders-per-store-changelog',
      'drain     sub-topology "per-store": it is gone; to be read to its end first: orders-per-store-repartition; left behind: orders-per-store-repartition',
    ]);
  });

  const tables = (add: string, subtract: string): string =>
    orders.replace(
      '\nerrors:\n',
      `
  latest: { from: reserve.held, to-table: {} }
  spent:
    from: latest
    group-by: value.storeId
    aggregate: { as: long, init: 0, add: ${add}, subtract: ${subtract} }
    drop: [out]

errors:
`,
    );

  const sums = (as: string): string =>
    orders.replace(
      '\nerrors:\n',
      `
  spent:
    from: placed
    group-by: value.storeId
    aggregate: { as: ${as}, init: ${init[as]}, add: aggregate }
    drop: [out]

errors:
`,
    );
  const init: Readonly<Record<string, string>> = {
    long: '0',
    double: '0.0',
    string: '"\'\'"',
  };

  test.each([
    ['long', 'double'],
    ['long', 'string'],
    ['double', 'long'],
  ])('makes a store of %s anew whose values are %s: they hold no schema id', (from, to) => {
    const old = manifest(sums(from));
    expect(compare(old, manifest(sums(to), {}, old.subTopologies)).map(differenceText)).toContain(
      `migrate   store "spent": its values are ${to} instead of ${from}; the new schema does not read what is stored, and nothing rewrites it yet: a reset makes it anew`,
    );
  });

  const keyed = (key: string): string =>
    orders.replace(
      '  paid:  ',
      `  numbers: { topic: numbers, key: ${key}, value: shop.OrderPaid, partitions: 4 }\n  paid:  `,
    );

  test('drains a topic of primitive keys whose type is another one: they hold no schema id', () => {
    const read = stage('seen: { from: numbers, filter: key != key, drop: [out] }');
    const [old, next] = [manifest(read(keyed('long'))), manifest(read(keyed('double')))];
    expect(compare(old, next).map(differenceText)).toContain(
      'drain     topic "numbers": its keys are double, another one; the new version does not read what lies there; to be read to its end first: numbers',
    );
  });

  test('keeps versions apart that write keys of other primitive types to a topic', () => {
    const write = stage('copied: { from: numbers, filter: key == key, to: others }');
    const others = (key: string) =>
      swap(
        '  paid:  ',
        `  others: { topic: others, key: ${key}, value: shop.OrderPaid }\n  paid:  `,
      );
    const made = (key: string) => manifest(write(others(key)(keyed(key))));
    expect(compare(made('long'), made('double')).map(differenceText)).toContain(
      'drain     topic "others": its keys are double, another one; who reads it cannot read both, so both versions must not write it at a time',
    );
  });

  test('makes a table anew that is added to in another way', () => {
    const old = manifest(tables('aggregate + 1', 'aggregate - 1'));
    const next = manifest(tables('aggregate + 2', 'aggregate - 2'));
    expect(compare(old, next).map(differenceText)).toEqual([
      'rebuild   stage "spent": it adds and subtracts in another way; what the old one added would be taken away by the new one',
    ]);
  });
});

describe('compareManifests, on any edit of the shipped topology', () => {
  const tokens = [...orders.matchAll(/[a-z][\w.-]*|\d+\w*/gi)].map(({ 0: text, index }) => ({
    text,
    index,
  }));
  const texts = [...new Set(tokens.map(({ text }) => text))];
  const old = manifest(orders);
  const edited = (edits: readonly (readonly [at: number, to: string])[]): string => {
    let text = orders;
    for (const [at, to] of edits.toSorted(([a], [b]) => b - a)) {
      const { index, text: from } = tokens[at] as { text: string; index: number };
      text = text.slice(0, index) + to + text.slice(index + from.length);
    }
    return text;
  };
  const edit = fc.tuple(fc.nat(tokens.length - 1), fc.constantFrom(...texts));

  test('finds a difference of a known kind, or an equal plan', () => {
    let valid = 0;
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 2 }), (edits) => {
        const next = tryManifest(edited(edits), {}, old.subTopologies);
        if (typeof next === 'string') return;
        valid += 1;
        const found = compare(old, next);
        expect(found.length === 0).toBe(digestOf(next) === digestOf(old));
        expect(found.map(({ change }) => change)).not.toContain('its plan is another one');
      }),
      { seed: 4, numRuns: 600 },
    );
    expect(valid).toBeGreaterThan(50);
  });

  test('finds no difference between an edit and itself', () => {
    fc.assert(
      fc.property(edit, (one) => {
        const made = tryManifest(edited([one]));
        if (typeof made !== 'string') expect(compare(made, made)).toEqual([]);
      }),
      { seed: 5, numRuns: 100 },
    );
  });
});

describe('compareManifests, of an output that moves', () => {
  const text = 'key: string, value: string, format: string, partitions: 1';
  const before = `application: moves
streams:
  in: { topic: in, ${text} }
  x: { topic: x, ${text} }
stages:
  one: { from: in, filter: value != "a", to: x }
  two: { from: in, filter: value != "b", drop: [out] }
`;
  const of = (next: string): readonly string[] => {
    const old = manifest(before);
    return compare(old, manifest(next, {}, old.subTopologies)).map(differenceText);
  };
  const gone = 'rolling   stage "one": it does not write to "x" any more';

  test('says where it was and where it is, in stages that were there', () => {
    const next = swap(
      '"a", to: x',
      '"a", drop: [out]',
    )(swap('"b", drop: [out]', '"b", to: x')(before));
    expect(of(next)).toEqual([gone, 'rolling   stage "two": it also writes to "x"; from now on']);
  });

  test('says so where the stage is new', () => {
    const next = swap(
      '"a", to: x }',
      '"a" }\n  new: { from: one, filter: value != "c", to: x }',
    )(before);
    expect(of(next)).toEqual([
      'rolling   stage "new": it is new, and writes to "x"; from now on',
      gone,
    ]);
  });
});

test('compareManifests asks no schema of JSON', () => {
  const before = `application: json
schemas: schemas
streams:
  in: { topic: in, key: string, value: shop.Line, format: json, partitions: 1 }
  out: { topic: out, key: string, value: shop.Line, format: json, partitions: 1 }
stages:
  pass: { from: in, to: out }
`;
  const next = { schemas: { 'order-placed.avsc': withoutDefault } };
  expect(compare(manifest(before), manifest(before, next)).map(differenceText)).toEqual([
    'rolling   topic "in": its values are shop.Line, of another version; JSON is read as it is: records that are there may lack what the new version expects',
    'rolling   topic "out": its values are shop.Line, of another version; who reads it must understand both',
  ]);
});

describe('digestOf', () => {
  test('is the same for the same manifest read back from JSON', () => {
    const made = manifest(orders);
    expect(digestOf(JSON.parse(JSON.stringify(made)))).toBe(digestOf(made));
    expect(compare(made, JSON.parse(JSON.stringify(made)))).toEqual([]);
  });
});
