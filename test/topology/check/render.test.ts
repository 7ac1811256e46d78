import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Definition } from '../../../topology/definition/definition.ts';
import type { Problem } from '../../../topology/core/problem.ts';
import { problemsToJson } from '../../../topology/check/render-json.ts';
import { renderProblems } from '../../../topology/check/render.ts';
import { parseTopology } from '../../../topology/yaml/parse.ts';

const golden = new URL('../../golden/check/', import.meta.url);
const orders = readFileSync(new URL('worked-example.yaml', golden), 'utf8');

function problem(path: Problem['path'], more: Partial<Problem> = {}): Problem {
  return { code: 'E021', severity: 'error', message: 'it is wrong', path, ...more };
}

/** A problem about the given words inside the expression at a path, rendered. */
function about(text: string, path: Problem['path'], words: string): string {
  const { definition, source } = parseTopology(text, 'x.yaml');
  let value: unknown = definition;
  for (const step of path) value = (value as Record<string | number, unknown>)[step];
  const start = String(value).indexOf(words);
  const found = problem(path, { range: [start, start + words.length] });
  return renderProblems([found], source);
}

describe('renderProblems, whole outputs', () => {
  test.each(['broken-in-many-ways', 'worked-example', 'columns'])('of %s.yaml', async (name) => {
    const text = readFileSync(new URL(`${name}.yaml`, golden), 'utf8');
    const { problems, source } = parseTopology(text, `${name}.yaml`);
    await expect(renderProblems(problems, source)).toMatchFileSnapshot(
      `../../golden/check/${name}.txt`,
    );
  });

  test('prints the example of the language’s description, column and all', () => {
    const text = orders.replace('l.quantity <= 0', 'l.quantitty <= 0');
    const { source, definition } = parseTopology(text, 'topology/orders/orders.yaml');
    const path = ['stages', 'validate', 'operator', 'branches', 0, 'when'];
    const operator = definition?.stages['validate']?.operator;
    const when = operator?.kind === 'split' ? (operator.branches[0]?.when ?? '') : '';
    const start = when.indexOf('quantitty');
    const found = problem(path, {
      message: 'no field "quantitty" in shop.Line',
      range: [start, start + 9],
      suggestion: 'did you mean "quantity"?',
      notes: [
        {
          message: 'shop.Line has productId, quantity, totalCents',
          at: { file: 'schemas/orders/order-placed.avsc', line: 14, column: 9 },
        },
      ],
    });
    expect(renderProblems([found], source)).toBe(
      `topology/orders/orders.yaml:30:68 error[E021] no field "quantitty" in shop.Line
   30 |       - invalid: size(value.lines) == 0 || value.lines.exists(l, l.quantitty <= 0 || l.totalCents < 0)
      |                                                                    ^^^^^^^^^ did you mean "quantity"?
      = shop.Line at schemas/orders/order-placed.avsc:14:9 has productId, quantity, totalCents

1 error
`,
    );
  });
});

describe('renderProblems, places inside scalars', () => {
  const head = 'application: a\nstages:\n  s:\n    from: a\n    to: b\n    filter: ';
  const path = ['stages', 's', 'operator', 'when', 'expr'];

  test.each([
    ['plain', 'value.ok && value.n > 1', '6:25'],
    ['single-quoted', `'value.t == ''x'' && value.n > 1'`, '6:34'],
    ['double-quoted', String.raw`"value.t == \"x\" && \u0076alue.n > 1"`, '6:34'],
    ['folded over lines', 'value.ok &&\n      value.n > 1', '7:7'],
    ['a folded block', '>-\n      value.ok &&\n      value.n > 1', '8:7'],
    ['a literal block', '|\n      value.ok &&\n      value.n > 1', '8:7'],
    ['a literal block with CRLF', '|\r\n      value.ok &&\r\n      value.n > 1', '8:7'],
    ['an anchored one', '&cond value.ok && value.n > 1', '6:31'],
  ])('finds the words in a scalar that is %s', (_, scalar, place) => {
    expect(about(`${head}${scalar}\n`, path, 'value.n').split(' ')[0]).toBe(`x.yaml:${place}`);
  });

  test('shows an alias where its anchor is', () => {
    const text = `application: a\nstages:\n  r: { from: a, filter: &c value.n > 1, to: b }\n  s: { from: a, filter: *c, to: b }\n`;
    expect(about(text, path, 'n >').split(' ')[0]).toBe('x.yaml:3:34');
  });

  test('underlines as many cells as the words take in the file', () => {
    expect(about(`${head}'a == ''é'' && 全'\n`, path, "'é'")).toContain(
      `    6 |     filter: 'a == ''é'' && 全'\n      |                   ^^^^^\n`,
    );
    expect(about(`${head}a == 全角 && b\n`, path, '全角')).toContain(
      '    6 |     filter: a == 全角 && b\n      |                  ^^^^\n',
    );
  });
});

describe('renderProblems, places of what is no expression', () => {
  const { source } = parseTopology(orders, 'o.yaml');
  /** The text that is pointed at, and the line it stands on. */
  const shown = (path: Problem['path'], more: Partial<Problem> = {}) => {
    const span = source.span(path, more) ?? [0, 0];
    const line = orders.slice(...source.line(source.position(span[0]).line));
    return { text: orders.slice(...span), line };
  };

  test.each([
    [['stages', 'once'], 'once', '  once:'],
    [['stages', 'once', 'operator'], 'dedupe', 'dedupe: { by: key'],
    [['stages', 'once', 'operator', 'kind'], 'dedupe', 'dedupe: { by: key'],
    [['stages', 'once', 'operator', 'retentionMs'], '30d', 'dedupe: { by: key'],
    [['stages', 'once', 'inputs', 0, 'from', 0], 'placed', 'from: placed'],
    [['stages', 'once', 'outputs', 0], 'first', 'out: [first]'],
    [['stages', 'validate', 'operator', 'rest'], 'valid', '- valid: otherwise'],
    [['stages', 'validate', 'operator', 'branches', 0, 'name'], 'invalid', '- invalid: size'],
    [['stages', 'reserve', 'inputs', 1, 'key'], 'value.storeId', 'release:'],
    [['stages', 'reserve', 'inputs', 1, 'name'], 'release', 'release:'],
    [['stages', 'reserve', 'operator', 'stores', 1], 'holds', 'stores: [stock, holds]'],
    [['stages', 'reserve', 'outputs', 2, 'value'], 'shop.Released', 'released:'],
    [['stages', 'charge', 'operator', 'request', 'amountCents'], 'value.totalCents', 'request:'],
    [['stages', 'charge', 'operator', 'outcomes', 'APPROVED', 'out'], 'approved', 'APPROVED:'],
    [
      ['stages', 'charge', 'operator', 'outcomes', 'DECLINED', 'compensates'],
      'reserve.held',
      'DECLINED:',
    ],
    [['stages', 'fan-out', 'to', 1, 'stream'], 'status', '- status:'],
    [['stages', 'fan-out', 'to', 1, 'value', 'set', 'state'], 'PAID', '- status:'],
    [['stages', 'reject', 'to', 0, 'stream'], 'status', '  reject:'],
    [['streams', 'paid', 'topics', 0], 'orders.paid', '  paid:'],
    [['errors', 'default', 'haltAbove'], '5% of 100 per 1m', 'default:'],
    [['stages', 'once', 'operator', 'retentionMs', 'no', 'such'], '30d', 'dedupe: { by: key'],
  ] as const)('finds %j', (path, text, line) => {
    const found = shown(path);
    expect(found.text).toBe(text);
    expect(found.line).toContain(line);
  });

  test('points at the key where that is meant', () => {
    const path = ['stages', 'charge', 'operator', 'request', 'amountCents'];
    expect(shown(path, { on: 'key' }).text).toBe('amountCents');
  });
});

describe('renderProblems, the rest', () => {
  const { source, definition } = parseTopology(orders, 'o.yaml');

  test('gives nothing for no problems', () => {
    expect(renderProblems([], source)).toBe('');
  });

  test('sorts by position, shows fifty, and counts all', () => {
    const found = Array.from({ length: 60 }, (_, i) =>
      problem([], { span: [600 - i * 10, 601 - i * 10], severity: i < 3 ? 'warning' : 'error' }),
    );
    const text = renderProblems(found, source);
    const blocks = text.trimEnd().split('\n\n');
    expect(blocks).toHaveLength(51);
    expect(blocks[0]).toMatch(/^o\.yaml:1:11 error/);
    expect(blocks.at(-1)).toBe('57 errors, 3 warnings; the first 50 are shown');
  });

  test('shows the expression of a definition that has no file', () => {
    const found = problem(['stages', 'reserve', 'inputs', 0, 'key'], {
      range: [0, 5],
      suggestion: 'did you mean "v"?',
      notes: [{ message: 'see there', path: ['streams', 'paid'] }],
    });
    expect(renderProblems([found], undefined, { definition: definition as Definition })).toBe(
      `stages.reserve.inputs[0].key error[E021] it is wrong
      | value.storeId
      | ^^^^^ did you mean "v"?
      = see there (streams.paid)

1 error
`,
    );
  });

  test('prints the path alone where there is nothing to show', () => {
    const found = problem(['stages', 'a', 'inputs', 0, 'from', 1], { suggestion: 'write b' });
    expect(renderProblems([found], undefined)).toBe(
      `stages.a.inputs[0].from[1] error[E021] it is wrong\n      = write b\n\n1 error\n`,
    );
  });

  test('puts the place of a note where the message wants it', () => {
    const notes = [
      { message: 'first{at}, then not', path: ['streams', 'paid'] },
      { message: 'shop.Line has a, b', at: { file: 'f.avsc', line: 1, column: 2 } },
      { message: 'the other half', path: ['streams', 'paid'] },
      { message: 'no place' },
    ];
    const lines = renderProblems([problem(['streams', 'placed'], { notes })], source).split('\n');
    expect(lines.slice(3, 7)).toEqual([
      '      = first at o.yaml:11:3, then not',
      '      = shop.Line at f.avsc:1:2 has a, b',
      '      = the other half (o.yaml:11:3)',
      '      = no place',
    ]);
  });

  test('shows a very long line around the carets', () => {
    const text = `application: a\ndoc: ${'x'.repeat(500)} y\nstages: {}\n`;
    const parsed = parseTopology(text, 'x.yaml');
    const at = text.indexOf(' y') + 1;
    const shown = renderProblems([problem([], { span: [at, at + 1] })], parsed.source).split('\n');
    expect(shown[0]).toBe('x.yaml:2:507 error[E021] it is wrong');
    expect(shown[1]).toHaveLength(8 + 1 + 200);
    expect(shown[1]?.startsWith('    2 | …xxx')).toBe(true);
    expect(shown[1]?.[(shown[2] ?? '').indexOf('^')]).toBe('y');
  });
});

describe('problemsToJson', () => {
  test('gives lines and columns in UTF-16 units, the path as text, and no absent keys', () => {
    const text = 'application: a\ndoc: 全角\nstages:\n  s: { doc: 全角, frm: a, to: b }\n';
    const { problems, source } = parseTopology(text, 'x.yaml');
    expect(problemsToJson(problems, source)).toStrictEqual([
      {
        code: 'E003',
        severity: 'error',
        message: 'unknown key "frm"',
        path: 'stages.s',
        file: 'x.yaml',
        line: 4,
        column: 17,
        endLine: 4,
        endColumn: 20,
        suggestion: 'did you mean "from"?',
      },
    ]);
  });

  test('gives notes their place, and the path where there is no file', () => {
    const found = problem(['a', 0], { notes: [{ message: 'there', path: ['b'] }] });
    expect(problemsToJson([found], undefined)).toStrictEqual([
      {
        code: 'E021',
        severity: 'error',
        message: 'it is wrong',
        path: 'a[0]',
        notes: [{ message: 'there', path: 'b' }],
      },
    ]);
  });
});
