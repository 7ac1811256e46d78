import { describe, expect, test } from 'vitest';
import { marks, problems, record, run, scope, types } from './shop-scope.ts';

describe('names and fields', () => {
  test('marks exactly the unknown field and names the nearest', () => {
    const text = 'value.lines.exists(l, l.quantitty <= 0)';
    expect(problems(text)).toEqual([
      {
        code: 'E021',
        severity: 'error',
        message: 'no field "quantitty" in shop.Line',
        range: [24, 33],
        suggestion: 'did you mean "quantity"?',
        notes: [
          {
            message: 'shop.Line has productId, quantity, totalCents',
            type: { name: 'shop.Line' },
          },
        ],
      },
    ]);
  });

  test('reports all problems of one expression at once', () => {
    expect(marks('value.totl > 1 && kee == "a" && value.lines.all(l, l.x)')).toEqual([
      ['E021', 'totl', 'did you mean "total"?'],
      ['E020', 'kee', 'did you mean "key"?'],
      ['E021', 'x'],
    ]);
  });

  test('lists what is in scope behind an unknown name', () => {
    expect(problems('reply.state')[0]?.notes).toEqual([
      { message: 'in scope: key, value, record, headers' },
    ]);
  });

  test.each([
    ['vale.total', 'E020', 'vale', 'did you mean "value"?'],
    ['shop.Stat.PAID', 'E020', 'shop.Stat', 'did you mean "shop.State"?'],
    ['record.tme', 'E021', 'tme', 'did you mean "time"?'],
    ['key.length', 'E023', 'length', undefined],
    ['value["total"]', 'E023', 'value["total"]', 'write value.total'],
    ['value.lines["a"]', 'E023', '"a"', undefined],
    ['value.total[0]', 'E023', 'value.total[0]', undefined],
  ])('rejects %s', (text, code, part, suggestion) => {
    expect(marks(text)).toEqual([suggestion ? [code, part, suggestion] : [code, part]]);
  });

  test('knows neither record nor headers where a scope has no metadata', () => {
    const rows = { ...scope, metadata: false };
    expect(problems('record.time', undefined, rows)[0]?.message).toBe('unknown name "record"');
    expect(problems('headers', undefined, rows)[0]?.message).toBe('unknown name "headers"');
  });
});

describe('syntax', () => {
  test.each([
    ['', 'an expression is missing', ''],
    ['value.total = 3', 'unexpected character: =', '='],
    ['value.total >', 'unexpected token: the end', ''],
    ['(value.total', 'expected ), got the end', ''],
    ['"abc', 'unterminated string', '"abc'],
    ['value.if(', 'unexpected token: the end', ''],
  ])('says what is wrong with %s', (text, message, part) => {
    const [problem] = problems(text);
    expect(problem).toMatchObject({ code: 'E022', message });
    expect(text.slice(...(problem?.range ?? [0, 0]))).toBe(part);
  });

  test('takes two hundred operators in a row', () => {
    expect(run(Array(200).fill('value.total > 1').join(' && '))).toBe(true);
  });

  test.each([
    ['conditions', Array(3000).fill('value.total > 1').join(' && ')],
    ['terms', Array(3000).fill('1').join(' + ')],
    ['negations', `${'!'.repeat(100_000)}true`],
  ])('refuses thousands of %s', (_, text) => {
    expect(problems(text)).toEqual([
      {
        code: 'E022',
        severity: 'error',
        message: 'too many operators: at most 250 follow or enclose each other',
        suggestion: 'make it a function, or several stages',
        range: [0, text.length],
      },
    ]);
  });
});

describe('types', () => {
  test.each([
    ['"a" + value.total', 'E023', 'write string(value.total)'],
    ['value.total + "a"', 'E023', 'write string(value.total)'],
    ['value.total + value.weight', 'E023', 'write double(value.total)'],
    ['value.weight * value.count', 'E023', 'write double(value.count)'],
    ['value.weight % 2.0', 'E023', undefined],
    ['key - "a"', 'E023', undefined],
    ['key > 3', 'E023', undefined],
    ['value.state < value.state', 'E023', undefined],
    ['value.total == key', 'E023', undefined],
    ['"a" in key', 'E023', 'write key.contains("a")'],
    ['1 in value.tags', 'E023', undefined],
    ['"a" in [1, 2]', 'E023', undefined],
    ['value.rushed ? 1 : "a"', 'E023', undefined],
    ['-key', 'E023', undefined],
    ['value.at == value.total', 'E023', undefined],
    ['value.at + value.at', 'E023', undefined],
  ])('rejects %s as a whole', (text, code, suggestion) => {
    expect(marks(text)).toEqual([suggestion ? [code, text, suggestion] : [code, text]]);
  });

  test.each([
    ['value.total && true', 'E023', 'value.total'],
    ['!key', 'E023', 'key'],
    ['value.total ? 1 : 2', 'E023', 'value.total'],
    ['[1, "a"]', 'E023', '"a"'],
    ['{"a": 1, "b": true}', 'E023', 'true'],
    ['{1: 2}', 'E034', '1'],
    ['3u', 'E034', '3u'],
    ['dyn(1)', 'E034', 'dyn'],
    ['type(key)', 'E034', 'type'],
    ['9007199254740992', 'E030', '9007199254740992'],
    ['key.map(x, x)', 'E023', 'key'],
    ['value.lines.filter(l, l.quantity)', 'E023', 'l.quantity'],
    ['has(key)', 'E029', 'key'],
  ])('marks the wrong part of %s', (text, code, part) => {
    expect(marks(text).map((mark) => mark.slice(0, 2))).toEqual([[code, part]]);
  });

  test.each([
    ['value.body == value.body', 'value.body'],
    ['value.body + value.body', 'value.body'],
    ['value.price > 1', 'value.price'],
    ['value.mixed == "a"', 'value.mixed'],
    ['size(value.mixed)', 'value.mixed'],
  ])('sends %s to a function', (text, part) => {
    expect(marks(text)).toEqual([['E025', part, 'compute with it in a function (use:)']]);
  });

  test('passes on what it cannot compute with', () => {
    expect(run('value.mixed')).toBe('either');
    expect(run('value.price')).toEqual(Buffer.from([1]));
  });

  test('gives the Avro type of the result', () => {
    const typed = record('t.T', { when: types.micros });
    const within = { ...scope, variables: { value: typed } };
    expect(problems('value.when', types.micros, within)).toEqual([]);
    expect(problems('value.when', types.long, within)[0]?.code).toBe('E027');
  });
});

describe('functions', () => {
  test.each([
    ['foo(1)', 'E029', 'foo', undefined],
    ['sze(key)', 'E029', 'sze', 'did you mean "size"?'],
    ['key.startWith("a")', 'E029', 'startWith', 'did you mean "startsWith"?'],
    ['startsWith(key, "a")', 'E029', 'startsWith', 'write key.startsWith(…)'],
    ['value.total.string()', 'E029', 'string', 'write string(value.total)'],
    ['key.startsWith(1)', 'E029', 'key.startsWith(1)', undefined],
    ['size(1)', 'E029', 'size(1)', undefined],
    ['key.matches("(")', 'E030', '"("', undefined],
    ['key.matches(value.orderId)', 'E030', 'value.orderId', undefined],
    ['timestamp("yesterday")', 'E030', '"yesterday"', 'write it like "2017-01-02T12:00:00Z"'],
    ['duration("1 hour")', 'E030', '"1 hour"', 'write it like "1h30m"'],
    ['value.at.getHours("Mars")', 'E030', '"Mars"', 'write it like "Europe/Berlin" or "+02:00"'],
  ])('rejects %s', (text, code, part, suggestion) => {
    expect(marks(text)).toEqual([suggestion ? [code, part, suggestion] : [code, part]]);
  });
});
