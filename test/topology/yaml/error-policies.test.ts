import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { ErrorPolicyDef } from '../../../topology/definition/definition.ts';
import { topologyJsonSchema } from '../../../topology/definition/json-schema.ts';
import { TopologyBuilder } from '../../../topology/dsl/builder.ts';
import type { ErrorPolicy } from '../../../topology/dsl/options.ts';
import { parseTopology } from '../../../topology/yaml/parse.ts';

const fits = new Ajv({ strict: false }).compile(topologyJsonSchema());
const file = (policy: string): string =>
  `application: a\nstages: {}\nerrors: { default: { ${policy} } }\n`;

/** What is wrong with a policy: code, message, suggestion. */
function problems(policy: string): readonly (readonly string[])[] {
  return parseTopology(file(policy), 'a.yaml').problems.map(({ code, message, suggestion }) =>
    suggestion === undefined ? [code, message] : [code, message, suggestion],
  );
}

const defaults = { most: 10_000, whenFull: 'wait' } as const;

const cases: readonly (readonly [yaml: string, built: ErrorPolicy, policy: ErrorPolicyDef])[] = [
  ['dead-letter: d', { deadLetter: 'd' }, { deadLetter: 'd' }],
  [
    'dead-letter: d, park-by-key: {}',
    { deadLetter: 'd', parkByKey: {} },
    { deadLetter: 'd', parkByKey: defaults },
  ],
  [
    'park-by-key:, dead-letter: d',
    { parkByKey: {}, deadLetter: 'd' },
    { deadLetter: 'd', parkByKey: defaults },
  ],
  [
    'dead-letter: d, park-by-key: { most: 1 }',
    { deadLetter: 'd', parkByKey: { most: 1 } },
    { deadLetter: 'd', parkByKey: { most: 1, whenFull: 'wait' } },
  ],
  [
    'dead-letter: d, park-by-key: { most: 10000000, when-full: stop }, halt-above: 5% of 9 per 1m',
    {
      deadLetter: 'd',
      parkByKey: { most: 10_000_000, whenFull: 'stop' },
      haltAbove: { share: 0.05, records: 9, per: '1m' },
    },
    {
      deadLetter: 'd',
      parkByKey: { most: 10_000_000, whenFull: 'stop' },
      haltAbove: { share: 0.05, records: 9, perMs: 60_000 },
    },
  ],
];

describe('an error policy', () => {
  test.each(cases)(
    'of { %s } is the same in a file and from the builder',
    (yaml, built, policy) => {
      const { definition, problems: found } = parseTopology(file(yaml), 'a.yaml');
      expect(found).toEqual([]);
      expect(definition?.errors).toStrictEqual({ default: policy });
      expect(new TopologyBuilder('a', { errors: built }).build().definition.errors).toStrictEqual({
        default: policy,
      });
      expect([fits(parse(file(yaml))), fits.errors]).toEqual([true, null]);
    },
  );

  test('of a stage is its own, beside the default', () => {
    const text = `application: a
stages: { s: { from: x, to-table: {}, errors: { dead-letter: own, park-by-key: { most: 3 } } } }
errors: { default: { dead-letter: d, park-by-key: } }
`;
    const { definition } = parseTopology(text, 'a.yaml');
    expect([definition?.stages['s']?.errors, definition?.errors?.default]).toStrictEqual([
      { deadLetter: 'own', parkByKey: { most: 3, whenFull: 'wait' } },
      { deadLetter: 'd', parkByKey: defaults },
    ]);
  });

  test.each([
    ['most: 0', 'E012', '0 is no whole number from 1 to 10000000'],
    ['most: 10000001', 'E012', '10000001 is no whole number from 1 to 10000000'],
    ['most: 1.5', 'E012', '1.5 is no whole number from 1 to 10000000'],
    ['most: many', 'E002', 'expected a whole number from 1 to 10000000, found the text "many"'],
    ['when-full: wat', 'E010', '"wat" is none of wait, stop', 'did you mean "wait"?'],
    ['mots: 5', 'E003', 'unknown key "mots"', 'did you mean "most"?'],
  ])('says what is wrong with park-by-key: { %s }', (part, ...problem) => {
    const policy = `dead-letter: d, park-by-key: { ${part} }`;
    expect(problems(policy)).toEqual([problem]);
    expect(fits(parse(file(policy)))).toBe(false);
  });

  test('is not both: to fail, and to park', () => {
    const policy = 'fail: true, park-by-key: {}, halt-above: 5% of 9 per 1m';
    expect(problems(policy)).toEqual([
      ['E013', '"park-by-key" goes with "dead-letter", not with "fail"'],
      ['E013', '"halt-above" goes with "dead-letter", not with "fail"'],
    ]);
    expect(fits(parse(file(policy)))).toBe(false);
  });

  test('that parks has a topic for the dead letters', () => {
    expect(problems('park-by-key: {}')).toEqual([
      ['E006', 'missing key: one of "dead-letter", "fail"'],
    ]);
  });

  test('is refused by the builder with a bound that is none', () => {
    for (const most of [0, 1.5, 10_000_001, Number.NaN]) {
      const errors = { deadLetter: 'd', parkByKey: { most } };
      expect(() => new TopologyBuilder('a', { errors }).build()).toThrow(
        `parkByKey of "d" holds ${most} records at most: say a whole number from 1 to 10000000`,
      );
    }
  });
});
