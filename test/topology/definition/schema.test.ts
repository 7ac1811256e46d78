import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse, parseDocument, isMap, Scalar, visit } from 'yaml';
import { topologyJsonSchema } from '../../../topology/definition/json-schema.ts';
import { parseTopology } from '../../../topology/yaml/parse.ts';

const orders = readFileSync(
  new URL('../../../topology/orders/orders.yaml', import.meta.url),
  'utf8',
);
const validate = new Ajv({ strict: true, strictTypes: false, strictRequired: false }).compile(
  topologyJsonSchema(),
);

const fitsSchema = (text: string): boolean => validate(parse(text));
const parses = (text: string): boolean => parseTopology(text, 'x.yaml').problems.length === 0;

describe('topologyJsonSchema', () => {
  test('accepts the order system', () => {
    validate(parse(orders));
    expect(validate.errors).toBeNull();
  });

  const stage = (yaml: string) => `application: a\nstages:\n  s: ${yaml}\n`;
  const stream = (yaml: string) => `application: a\nstreams:\n  s: ${yaml}\nstages: {}\n`;

  test.each([
    ['no application', 'stages: {}'],
    ['no stages', 'application: a'],
    ['an unknown key at the root', 'application: a\nstages: {}\nstage: {}'],
    ['a name in camel case', 'application: a\nstages: { aB: { from: a, to: b } }'],
    ['an unknown key of a stream', stream('{ topic: t, key: long, value: long, ttl: 1d }')],
    ['a stream without value', stream('{ topic: t, key: long }')],
    ['a topic with a space', stream('{ topic: a b, key: long, value: long }')],
    ['no partitions', stream('{ topic: t, key: long, value: long, partitions: 0 }')],
    ['a duration without unit', stream('{ topic: t, key: long, value: long, retention: 30 }')],
    ['a stage without input', stage('{ filter: a, to: b }')],
    ['a stage with from and in', stage('{ from: a, in: { a: b }, to: b }')],
    ['a stage with two operators', stage('{ from: a, filter: a, map-values: b }')],
    ['a stage that does nothing', stage('{ from: a }')],
    ['stores beside a filter', stage('{ from: a, filter: a, stores: [s] }')],
    ['a key of a later issue', stage('{ from: a, filter: a, window: 5m }')],
    ['a count without grouping', stage('{ from: a, count: {} }')],
    [
      'a count with two groupings',
      stage('{ from: a, group-by-key: true, group-by: b, count: {} }'),
    ],
    ['grouping without operator', stage('{ from: a, group-by: b, to: c }')],
    ['a projection without type', stage('{ from: a, map-values: { set: { a: b } } }')],
    ['two ways to make a value', stage('{ from: a, map-values: { use: f, expr: b } }')],
    ['an unknown key in a projection’s map', stage('{ from: a, map-values: { use: f, ass: b } }')],
    ['an unknown key in a sink', stage('{ from: a, to: [ { b: { keys: k } } ] }')],
    ['a list where an expression stands', stage('{ from: a, filter: [a] }')],
    ['a join without value', stage('{ from: a, join: { with: t } }')],
    ['an outer join', stage('{ from: a, join: { with: t, kind: outer, expr: left } }')],
    ['a call without request', stage('{ from: a, call: c, timeout: 2s }')],
    ['two error policies', stage('{ from: a, to: b, errors: { fail: true, dead-letter: d } }')],
    ['a dedupe without retention', stage('{ from: a, dedupe: { by: key } }')],
    ['a split that is a map', stage('{ from: a, split: { b: c } }')],
    ['an empty list of stores', stage('{ from: a, process: p, stores: [] }')],
  ])('and the parser reject %s', (_, text) => {
    expect([fitsSchema(text), parses(text)]).toEqual([false, false]);
  });

  test('and the parser reject an unknown key in every map with fixed keys', () => {
    const document = parseDocument(orders);
    const maps: (readonly (string | number)[])[] = [];
    visit(document, {
      Map(key, node, path) {
        const steps = path.flatMap((step) => ('key' in step ? [String(step.key)] : []));
        const open = /^(?:streams|stores|calls|stages|set|request|out|in|outcomes|branch)$/;
        const list = Array.isArray(path) && path.length > 0 && typeof key === 'number';
        if (list || open.test(steps.at(-1) ?? '')) return;
        maps.push(steps);
      },
    });
    expect(maps.length).toBeGreaterThan(30);
    for (const path of maps) {
      const changed = parseDocument(orders);
      const node = path.length === 0 ? changed.contents : changed.getIn(path, true);
      if (!isMap(node)) continue;
      node.set('zzzzzzzz', new Scalar(1));
      const text = String(changed);
      expect([path, fitsSchema(text), parses(text)]).toEqual([path, false, false]);
    }
  });

  test('and the parser agree after any key of the order system was taken out', () => {
    const paths: (readonly unknown[])[] = [];
    visit(parseDocument(orders), {
      Pair(_, pair, path) {
        const steps = path.flatMap((step) => ('key' in step ? [String(step.key)] : []));
        const inList = path.some((step) => 'items' in step && !isMap(step));
        if (!inList) paths.push([...steps, String(pair.key)]);
      },
    });
    fc.assert(
      fc.property(fc.constantFrom(...paths), (path) => {
        const changed = parseDocument(orders);
        changed.deleteIn(path);
        const text = String(changed);
        expect([path, fitsSchema(text)]).toEqual([path, parses(text)]);
      }),
      { numRuns: 150 },
    );
  });
});
