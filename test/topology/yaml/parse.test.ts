import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { OperatorDef, StageDef } from '../../../topology/definition/definition.ts';
import { parseTopology } from '../../../topology/yaml/parse.ts';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const orders = read('../../../topology/orders/orders.yaml');

/** The only stage of a file, which must be free of problems. */
function stage(yaml: string): StageDef | undefined {
  const indented = yaml.trim().replaceAll('\n', '\n    ');
  const text = `application: app\nstages:\n  s:\n    ${indented}\n`;
  const { definition, problems } = parseTopology(text, 'app.yaml');
  expect(problems).toEqual([]);
  return definition?.stages['s'];
}

function operator(yaml: string): OperatorDef | undefined {
  return stage(`from: placed\n${yaml.trim()}`)?.operator;
}

describe('parseTopology on the order system', () => {
  test('finds nothing wrong with it and gives its definition', async () => {
    const { definition, problems, leftOut } = parseTopology(orders, 'orders.yaml');
    expect(problems).toEqual([]);
    expect(leftOut).toEqual([]);
    await expect(`${JSON.stringify(definition, null, 2)}\n`).toMatchFileSnapshot(
      '../../golden/check/orders-definition.json',
    );
  });

  test('gives what JSON gives: no undefined, no prototype, no dates', () => {
    const { definition } = parseTopology(orders, 'orders.yaml');
    expect(definition).toStrictEqual(JSON.parse(JSON.stringify(definition)));
  });
});

describe('parseTopology on streams, tables, stores and calls', () => {
  const parse = (yaml: string) => {
    const { definition, problems } = parseTopology(
      `application: app\n${yaml}\nstages: {}\n`,
      'app.yaml',
    );
    expect(problems).toEqual([]);
    return definition;
  };

  test('reads one topic or several, durations in ms, and keys that differ from the property', () => {
    const yaml = `streams:
  a: { topic: t, key: string, value: long, retention: 1h30m, time: value, time-unit: us }
  b: { topic: [t, u], key: string, value: long, offset-reset: latest, partition-by: key }`;
    expect(parse(yaml)?.streams).toStrictEqual({
      a: {
        topics: ['t'],
        key: 'string',
        value: 'long',
        time: 'value',
        timeUnit: 'us',
        retention: 5_400_000,
      },
      b: {
        topics: ['t', 'u'],
        key: 'string',
        value: 'long',
        offsetReset: 'latest',
        partitionBy: 'key',
      },
    });
  });

  test('leaves sections that are absent empty', () => {
    expect(parse('')).toStrictEqual({
      application: 'app',
      streams: {},
      tables: {},
      stores: {},
      calls: {},
      stages: {},
    });
  });

  test('reads halt-above as a share, a number and ms', () => {
    const yaml = 'errors: { default: { dead-letter: d, halt-above: 2.5% of 200 per 5m } }';
    expect(parse(yaml)?.errors).toStrictEqual({
      default: { deadLetter: 'd', haltAbove: { share: 0.025, records: 200, perMs: 300_000 } },
    });
  });

  test('keeps a name like __proto__ out of the prototype', () => {
    const text =
      'application: a\nstreams:\n  __proto__: { topic: t, key: long, value: long }\nstages: {}\n';
    const { definition, problems } = parseTopology(text, 'a.yaml');
    expect(problems.map(({ code }) => code)).toEqual(['E008']);
    expect(Object.keys(definition?.streams ?? {})).toEqual(['__proto__']);
  });
});

describe('parseTopology on stages', () => {
  test('reads one input from one or several references, with a key', () => {
    expect(stage('from: a\nto: x')?.inputs).toStrictEqual([{ name: 'in', from: ['a'] }]);
    expect(stage('from: [a, b.c]\nkey: value.k\nto: x')?.inputs).toStrictEqual([
      { name: 'in', from: ['a', 'b.c'], key: 'value.k' },
    ]);
  });

  test('reads several inputs by name, short or long', () => {
    const yaml = `in:
  take: a
  give: [b, c]
  keep: { from: d.e, key: value.k }
process: reserve
stores: [stock]
punctuate: { tick: { every: 10s, by: stream-time } }
out: { held: { key: string, value: shop.Held } }
drop: [held]`;
    expect(stage(yaml)).toStrictEqual({
      inputs: [
        { name: 'take', from: ['a'] },
        { name: 'give', from: ['b', 'c'] },
        { name: 'keep', from: ['d.e'], key: 'value.k' },
      ],
      operator: {
        kind: 'process',
        use: 'reserve',
        stores: ['stock'],
        punctuate: { tick: { everyMs: 10_000, by: 'stream-time' } },
      },
      outputs: [{ name: 'held', key: 'string', value: 'shop.Held' }],
      drop: ['held'],
    });
  });

  test('is a pass without operator: merging, re-keying, writing', () => {
    expect(stage('from: [a, b]')?.operator).toStrictEqual({ kind: 'pass' });
    expect(stage('from: a\nkey: value.k')?.operator).toStrictEqual({ kind: 'pass' });
    expect(stage('from: a\nto: x')?.operator).toStrictEqual({ kind: 'pass' });
  });

  test('reads sinks: one, several, projected, chosen by expression', () => {
    expect(stage('from: a\nto: x')?.to).toStrictEqual([{ stream: 'x' }]);
    expect(stage('from: a\nto: { by: value.s, among: [x, y] }')?.to).toStrictEqual([
      { by: 'value.s', among: ['x', 'y'] },
    ]);
    expect(
      stage(
        'from: a\nto:\n  - x\n  - y: { key: value.k, as: T, set: { n: 1 } }\n  - z: { use: f, as: T }',
      )?.to,
    ).toStrictEqual([
      { stream: 'x' },
      { stream: 'y', key: 'value.k', value: { as: 'T', set: { n: '1' } } },
      { stream: 'z', value: { use: 'f', as: 'T' } },
    ]);
  });

  const operators: readonly [yaml: string, expected: OperatorDef][] = [
    ['filter: value.n > 1', { kind: 'filter', when: { expr: 'value.n > 1' } }],
    ['filter: true', { kind: 'filter', when: { expr: 'true' } }],
    ['filter: { use: is-it, store: s }', { kind: 'filter', when: { use: 'is-it' }, store: 's' }],
    ['filter-not: { when: value.a }', { kind: 'filter-not', when: { expr: 'value.a' } }],
    [
      'map: { key: value.k, value: { use: f, as: T } }',
      { kind: 'map', key: { expr: 'value.k' }, value: { use: 'f', as: 'T' } },
    ],
    ['map: { use: f, key-as: string, as: T }', { kind: 'map', use: 'f', keyAs: 'string', as: 'T' }],
    ['map-values: 42', { kind: 'map-values', value: { expr: '42' } }],
    [
      'map-values: { expr: value.n, store: s }',
      { kind: 'map-values', value: { expr: 'value.n' }, store: 's' },
    ],
    [
      'map-values: { as: T, set: { a: null, b: true } }',
      { kind: 'map-values', value: { as: 'T', set: { a: 'null', b: 'true' } } },
    ],
    [
      'flat-map: { use: f, key-as: string, as: T }',
      { kind: 'flat-map', use: 'f', keyAs: 'string', as: 'T' },
    ],
    ['flat-map-values: value.lines', { kind: 'flat-map-values', value: { expr: 'value.lines' } }],
    [
      'flat-map-values: { use: f, as: T }',
      { kind: 'flat-map-values', value: { use: 'f', as: 'T' } },
    ],
    ['peek: { use: log-it }', { kind: 'peek', use: 'log-it' }],
    [
      'split:\n  - a: value.n > 1\n  - b: otherwise',
      { kind: 'split', branches: [{ name: 'a', when: 'value.n > 1' }], rest: 'b' },
    ],
    [
      'split:\n  - a: value.n > 1\n  - rest: dropped',
      { kind: 'split', branches: [{ name: 'a', when: 'value.n > 1' }], rest: null },
    ],
    ['repartition:', { kind: 'repartition' }],
    ['repartition: { partitions: 8 }', { kind: 'repartition', partitions: 8 }],
    [
      'dedupe: { by: key, retention: 1d, conflict: { out: other } }',
      { kind: 'dedupe', by: 'key', retentionMs: 86_400_000, conflict: { out: 'other' } },
    ],
    ['group-by-key: true\ncount: {}', { kind: 'count', group: { by: 'key' } }],
    [
      'group-by: { key: value.k, as: T, set: { a: key } }\ncount: { store: s }',
      {
        kind: 'count',
        store: 's',
        group: { by: 'expr', key: 'value.k', value: { as: 'T', set: { a: 'key' } } },
      },
    ],
    [
      'group-by: value.k\nreduce: { add: aggregate + value, subtract: { use: less, as: long } }',
      {
        kind: 'reduce',
        group: { by: 'expr', key: 'value.k' },
        add: { expr: 'aggregate + value' },
        subtract: { use: 'less', as: 'long' },
      },
    ],
    [
      'group-by-key: true\naggregate: { as: T, init: { set: { n: 0 } }, add: { as: U, set: { n: 1 } } }',
      {
        kind: 'aggregate',
        group: { by: 'key' },
        as: 'T',
        init: { as: 'T', set: { n: '0' } },
        add: { as: 'U', set: { n: '1' } },
      },
    ],
    [
      'join: { with: t, use: both, as: T }',
      { kind: 'join', with: 't', type: 'inner', value: { use: 'both', as: 'T' } },
    ],
    [
      'join: { with: t, kind: left, on: value.k, expr: left }',
      { kind: 'join', with: 't', type: 'left', on: 'value.k', value: { expr: 'left' } },
    ],
    ['to-table: { store: s }', { kind: 'to-table', store: 's' }],
    ['to-stream:', { kind: 'to-stream' }],
  ];

  test.each(operators)('reads %s', (yaml, expected) => {
    expect(operator(yaml)).toStrictEqual(expected);
  });

  test('gives a call that says neither retry nor concurrency their defaults', () => {
    const yaml = `call: c
request: { a: key }
idempotency-key: key
timeout: 2s
outcomes: { match: reply.state, OK: { out: ok, map: reply }, unknown: { out: unknown } }`;
    expect(operator(yaml)).toStrictEqual({
      kind: 'call',
      call: 'c',
      request: { a: 'key' },
      idempotencyKey: 'key',
      timeoutMs: 2000,
      retry: {
        attempts: 'unlimited',
        backoffMs: 200,
        maxMs: 30_000,
        jitter: 'full',
        when: ['timeout', 'unavailable'],
      },
      concurrency: { limit: 64, order: 'per-key' },
      match: 'reply.state',
      outcomes: { OK: { out: 'ok', map: { expr: 'reply' } } },
      unknown: { out: 'unknown' },
    });
  });
});

describe('parseTopology on files with problems', () => {
  test('leaves the bad parts out and keeps the rest', () => {
    const text = read('../../golden/check/broken-in-many-ways.yaml');
    const { definition, leftOut } = parseTopology(text, 'broken.yaml');
    expect(definition?.application).toBe('orders');
    expect(definition?.streams['placed']?.value).toBe('shop.OrderPlaced');
    expect(definition?.stages['d']?.operator).toStrictEqual({
      kind: 'filter',
      when: { expr: 'value.x > 0' },
    });
    expect(definition?.stages['b']?.operator).toStrictEqual({
      kind: 'filter',
      when: { expr: 'has(value.x, value.y)' },
    });
    const kept = Object.keys(definition?.stages ?? {});
    // "e" and "<<" say only where they read from, which can be wrong, too.
    expect(kept).toEqual(['a', 'b', 'd', 'e', 'g', 'm', 'n', 'o', '<<']);
    expect(leftOut.map(({ path }) => path.join('.'))).toContain('stages.i');
    expect(leftOut.find(({ path }) => path[1] === 'i')?.mentions).toEqual(
      new Set(['from', 'placed', 'call', 'payments', 'timeout', '2']),
    );
  });

  test.each([
    ['', 'E002'],
    ['[]', 'E002'],
    ['text', 'E002'],
    ['a: [', 'E001'],
    ['a: b: c', 'E001'],
    ['a:\n\tb: 1', 'E001'],
    ['a: "x" + y', 'E001'],
    ['a: 1\n---\nb: 2', 'E001'],
    ['[{a: 1}, b', 'E001'],
  ])('gives no definition for %j', (text, code) => {
    const { definition, problems } = parseTopology(text, 'x.yaml');
    expect(definition).toBeUndefined();
    expect(problems.map((problem) => problem.code)).toEqual([code]);
  });

  test.each([
    ['{ filter: f("a", "b") == 1 }', 'filter', ') == 1'],
    ['{ when: key in ["a", "b"] }', 'when', '["a", "b"]'],
    ['{ expr: value > 1 ? 2 : 3, drop: [out] }', 'expr', 'value > 1'],
    ['{ from: a, filter: !f("x") }', 'filter', '"x")'],
  ])('says what to quote in %s', (text, key, from) => {
    const { problems } = parseTopology(`a: ${text}`, 'x.yaml');
    expect(problems).toMatchObject([
      {
        code: 'E001',
        message: 'this value is no plain text to YAML',
        suggestion: `quote it as a whole if it is an expression: ${key}: '…'`,
      },
    ]);
    expect(problems[0]?.span?.[0]).toBe(3 + text.indexOf(from));
  });

  test('keeps its words for an expression that starts with a quote', () => {
    const { problems } = parseTopology('a: { from: a, map-values: "a" + value }', 'x.yaml');
    expect(problems[0]?.message).toBe('text after the end of a value');
  });

  test('says which line is indented too deep', () => {
    const { problems } = parseTopology('s:\n  from: nums\n   to: v\n', 'x.yaml');
    expect(problems[0]).toMatchObject({
      message: 'the line below is indented as if it went on with this value',
      span: [11, 12],
    });
  });

  test('says that a brace is open', () => {
    const { problems } = parseTopology('s: { from: nums\n', 'x.yaml');
    expect(problems[0]?.message).toBe('a "{" or "[" above is not closed');
  });

  test('survives a hundred thousand open brackets', () => {
    const { definition, problems } = parseTopology('['.repeat(100_000), 'x.yaml');
    expect(definition).toBeUndefined();
    expect(problems[0]?.code).toBe('E001');
  });

  test('refuses aliases that expand without bound, and one inside its own anchor', () => {
    const levels = Array.from({ length: 9 }, (_, i) =>
      i === 0
        ? 'l0: &l0 [x, x, x, x, x, x, x, x, x, x]'
        : `l${i}: &l${i} [${`*l${i - 1}, `.repeat(10)}]`,
    );
    expect(parseTopology(levels.join('\n'), 'x.yaml').problems.map(({ code }) => code)).toEqual([
      'E007',
    ]);
    const own = parseTopology('application: a\nstages: &s { x: *s }\n', 'x.yaml');
    expect(own.problems.map(({ code, message }) => [code, message])).toEqual([
      ['E007', 'alias "*s" stands inside what it names'],
    ]);
  });

  test('says that renaming is not supported yet, instead of losing the state', () => {
    const text =
      'application: a\nstreams: {}\n' +
      'stores: { n: { key: string, value: long, ttl: 1d, was: o } }\n' +
      'stages: { s: { from: a, to: b, was: t } }';
    const { problems } = parseTopology(text, 'x.yaml');
    expect(problems.map(({ code, message }) => [code, message])).toEqual([
      ['E090', '"was" is not supported yet'],
      ['E090', '"was" is not supported yet'],
    ]);
  });

  test('says that windows are not supported yet, under whatever key they are asked for', () => {
    const text =
      'application: a\nstreams: {}\nstages:\n' +
      '  s: { from: a, group-by-key: true, windowed-by: { size: 5m }, count: {}, drop: [out] }\n' +
      '  t: { from: a, group-by-key: true, grace: 5m, late: l, count: {}, drop: [out] }';
    const { problems } = parseTopology(text, 'x.yaml');
    expect(problems.map(({ code, message }) => [code, message])).toEqual([
      ['E090', '"windowed-by" is not supported yet'],
      ['E090', '"grace" is not supported yet'],
      ['E090', '"late" is not supported yet'],
    ]);
  });

  test('says of every key of a later issue that it is not supported yet, and nothing else', () => {
    const text = read('../../golden/check/worked-example.yaml');
    const { problems, source } = parseTopology(text, 'orders.yaml');
    expect(
      problems.map(({ code, message, span }) => [
        code,
        message,
        source.position(span?.[0] ?? 0).line,
      ]),
    ).toEqual([
      ['E090', '"invariant" is not supported yet', 50],
      ['E090', '"tests" is not supported yet', 81],
    ]);
  });
});

describe('parseTopology on large files', () => {
  test('reads every stage of 300 kB', () => {
    const stages = orders.slice(orders.indexOf('  fan-out:'), orders.indexOf('\nerrors:'));
    let text = orders.slice(0, orders.indexOf('\nerrors:'));
    const before = Object.keys(parseTopology(text, 'small.yaml').definition?.stages ?? {}).length;
    let copies = 0;
    for (; text.length < 300_000; copies++) {
      text += stages.replace(/^ {2}([a-z-]+):/gm, `  $1-${copies}:`);
    }
    const { definition, problems } = parseTopology(text, 'large.yaml');
    expect(problems).toEqual([]);
    const copied = stages.match(/^ {2}[a-z-]+:/gm)?.length ?? 0;
    expect(Object.keys(definition?.stages ?? {})).toHaveLength(before + copies * copied);
  });
});
