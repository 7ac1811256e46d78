import { describe, expect, test } from 'vitest';
import { parseTopology } from '../../../topology/yaml/parse.ts';

function parsed(call: string, stage: string, unknown: string) {
  const { definition, problems } = parseTopology(
    `application: pay
calls:
  bank: { request: a.Request, reply: a.Reply${call} }
stages:
  charge:
    from: orders
    call: bank
    request: { cents: value }
    idempotency-key: key
    timeout: 1s
${stage === '' ? '' : `    ${stage}\n`}    outcomes:
      match: reply.state
      unknown: ${unknown}
`,
    'pay.yaml',
  );
  const operator = definition?.stages['charge']?.operator;
  return { effect: definition?.calls['bank']?.effect, operator, problems };
}

const out = '{ out: undecided }';

describe('keys of calls', () => {
  test.each([
    ['', undefined],
    [', effect: idempotent', { kind: 'idempotent', windowMs: 86_400_000 }],
    [', effect: { idempotent: { window: 2h } }', { kind: 'idempotent', windowMs: 7_200_000 }],
    [', effect: lookup', { kind: 'lookup' }],
    [', effect: at-most-once', { kind: 'at-most-once' }],
    [', effect: at-least-once', { kind: 'at-least-once' }],
  ])('read%s', (call, effect) => {
    expect(parsed(call, '', out)).toMatchObject({ effect, problems: [] });
  });

  test('read breaker, retention and parking', () => {
    const breaker = 'breaker: { window: 20, open-at: 12.5%, cool-down: 15s }';
    const unknown = '{ park: 5m, times: 12, then: undecided }';
    expect(parsed('', `${breaker}\n    log-retention: forever`, unknown)).toMatchObject({
      problems: [],
      operator: {
        breaker: { window: 20, openAt: 0.125, coolDownMs: 15_000 },
        logRetentionMs: 'forever',
        unknown: { out: 'undecided', park: { afterMs: 300_000, times: 12 } },
      },
    });
  });

  test.each([
    ['{ times: 3, out: undecided }', ['"times" goes with "park"']],
    ['{ then: undecided }', ['"then" goes with "park": write "out"']],
    [
      '{ park: 5m, times: 3, out: undecided }',
      ['a call that parks says "then" where it goes afterwards, not "out"'],
    ],
    ['{ park: 5m, then: undecided }', ['missing key "times": how often it is asked again']],
    ['{ park: 5m, times: 3 }', ['missing key: one of "out", "then"']],
    ['{ park: 5m, times: 0, then: undecided }', ['0 is no whole number of at least 1']],
  ])('refuse %s', (unknown, messages) => {
    const { problems } = parsed('', '', unknown);
    expect(problems.map(({ message }) => message)).toEqual(messages);
  });

  test.each(['0%', '101%', '50', 'half'])('refuse a breaker that opens at %s', (share) => {
    const { problems } = parsed(
      '',
      `breaker: { window: 1, open-at: ${share}, cool-down: 1s }`,
      out,
    );
    expect(problems.map(({ message }) => message)).toEqual([`"${share}" is no share`]);
  });

  test('refuse an effect that is none', () => {
    const { problems } = parsed(', effect: at-most-onc', '', out);
    expect(problems[0]).toMatchObject({ suggestion: 'did you mean "at-most-once"?' });
  });
});
