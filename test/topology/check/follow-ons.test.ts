import { describe, expect, test } from 'vitest';
import { withoutFollowOns } from '../../../topology/check/follow-ons.ts';
import type { Problem } from '../../../topology/core/problem.ts';
import { parseTopology } from '../../../topology/yaml/parse.ts';

const text = `application: a
streams:
  in: { topic: in, key: string, value: long }
  out: { topic: out, key: string, value: long }
  broken: { topic: x, key: string }
stages:
  first: { from: in, split: [big: value > 9, small: otherwise] }
  second: { from: [first.big, broken], filter: "330", to: out }
  third: { from: first.small, count: {} }
`;

function later(code: string, ...path: Problem['path']): Problem {
  return { code, severity: 'error', message: 'm', path };
}

describe('withoutFollowOns', () => {
  const reading = parseTopology(text, 'x.yaml');
  const rest = (problem: Problem) =>
    withoutFollowOns(reading, [problem]).slice(reading.problems.length);

  test('keeps what the reading found, in front', () => {
    expect(withoutFollowOns(reading, []).map(({ code }) => code)).toEqual(['E006', 'E015', 'E006']);
  });

  test('drops a malformed name that the reading found', () => {
    const named = parseTopology(
      'application: a\nstages: { MyStage: { from: a, to: b } }',
      'x.yaml',
    );
    const later = (name: string): Problem => ({
      code: 'E056',
      severity: 'error',
      message: 'm',
      path: ['stages', name],
    });
    expect(withoutFollowOns(named, [later('MyStage'), later('Other')]).slice(1)).toEqual([
      later('Other'),
    ]);
  });

  test('drops an unknown name that is an entry which could not be read', () => {
    expect(rest(later('E050', 'stages', 'second', 'inputs', 0, 'from', 1))).toEqual([]);
  });

  test('drops an unused output that an entry which could not be read takes', () => {
    expect(rest(later('E065', 'stages', 'first'))).toEqual([]);
    expect(rest(later('W052', 'streams', 'first'))).toEqual([]);
  });

  test('drops that nothing takes the output of a stage that does nothing, and keeps the rest', () => {
    const idle = parseTopology('application: a\nstages: { s: { from: inn } }', 'x.yaml');
    expect(idle.problems.map(({ code }) => code)).toEqual(['E014']);
    const unknown = later('E050', 'stages', 's', 'inputs', 0, 'from', 0);
    expect(withoutFollowOns(idle, [later('E065', 'stages', 's'), unknown]).slice(1)).toEqual([
      unknown,
    ]);
    expect(idle.definition?.stages['s']?.inputs[0]?.from).toEqual(['inn']);
  });

  test('drops what stands where the reading found something wrong', () => {
    expect(rest(later('E023', 'stages', 'second', 'operator', 'when', 'expr'))).toEqual([]);
  });

  test('drops an unknown output that could not be read, and a name that is missing', () => {
    const broken = parseTopology(
      `streams: { in: { topic: in, key: string, value: long } }
stages:
  a: { from: in, process: p, out: { x: { key: long }, y: { key: long, value: long } }, drop: [y] }
  b: { from: a.x, to: in }
`,
      'x.yaml',
    );
    const found = [
      later('E056', 'application'),
      later('E051', 'stages', 'b', 'inputs', 0, 'from', 0),
    ];
    expect(withoutFollowOns(broken, found)).toEqual(broken.problems);
  });

  test('keeps everything else', () => {
    const others = [
      later('E050', 'stages', 'second', 'inputs', 0, 'from', 0),
      later('E065', 'stages', 'second'),
      later('E062', 'stages', 'second', 'to', 0),
      later('W052', 'streams', 'out'),
    ];
    for (const problem of others) expect(rest(problem)).toEqual([problem]);
  });
});
