import { describe, expect, test } from 'vitest';
import type { MemberStatus } from '../../../runtime/app/status/member-status.ts';
import type { SeenStatus } from '../../../runtime/app/status/status-files.ts';
import type { LiveFigures } from '../../../runtime/app/runner/live-figures.ts';
import { statusJson, statusText } from '../../../runtime/cli/status-text.ts';

const now = 100_000;

const figures: LiveFigures = {
  asOfMs: now - 500,
  records: 10,
  perSecond: 1234,
  deadLettered: 1,
  commits: 3,
  tasks: 2,
  members: 1,
  calls: [],
};

function seen(status: Partial<MemberStatus>, more: Partial<SeenStatus> = {}): SeenStatus {
  return {
    live: true,
    ageMs: 500,
    ...more,
    status: {
      version: 1,
      application: 'words',
      file: '/words.yaml',
      state: 'running',
      sinceMs: now - 72_000,
      restarts: 0,
      pid: 7,
      figures,
      writer: { pid: 7, started: '1', boot: 'b' },
      writtenMs: now - (more.ageMs ?? 500),
      ...status,
    },
  };
}

const parkedNone = { parkedKeys: 0, waiting: 0 };

function text(...all: readonly SeenStatus[]): string[] {
  return textOf(all);
}

function textOf(all: readonly SeenStatus[], parked = parkedNone): string[] {
  const logged = {
    ...parked,
    lag: [
      { topic: 'said', lag: 1000 },
      { topic: 'told', lag: 0 },
    ],
    records: 5000,
    deadLettered: 2,
  };
  return statusText([{ application: 'words', logged, seen: all }], now)
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.replace(/ +/g, ' '));
}

const behind = 'words: behind in said 1,000';

describe('statusText', () => {
  test('shows a running application with its lag by topic', () => {
    expect(text(seen({}))).toEqual([
      'words running 1m12s ago 7 1,000 5,000 1,234 2 0 0 0',
      '',
      behind,
    ]);
  });

  test('has a line for keys that are parked', () => {
    expect(textOf([seen({})], { parkedKeys: 1, waiting: 1200 })).toEqual([
      'words running 1m12s ago 7 1,000 5,000 1,234 2 0 0 0',
      '',
      behind,
      'words: 1 key is parked by dead letters, 1,200 records wait behind them ("millrace dlq list")',
    ]);
    expect(textOf([seen({})], { parkedKeys: 3, waiting: 0 }).at(-1)).toBe(
      'words: 3 keys are parked by dead letters, 0 records wait behind them ("millrace dlq list")',
    );
  });

  test('counts calls, and has a line for a breaker and for calls that wait', () => {
    const call = { stage: 'charge', inFlight: 3, waiting: 20, backingOff: 1, parked: 4, held: 1 };
    const calls = [
      { ...call, breaker: 'open' as const, inputsPaused: true as const },
      { ...call, stage: 'mail', parked: 0, held: 0, breaker: undefined },
    ];
    expect(text(seen({ figures: { ...figures, calls } }))).toEqual([
      'words running 1m12s ago 7 1,000 5,000 1,234 2 48 5 0',
      '',
      behind,
      'words: calls of stage "charge": breaker open, 4 parked, 1 for a person ("millrace calls list"), inputs paused (max-parked-calls)',
    ]);
  });

  test('shows how far a restore is', () => {
    const restoring = { tasks: 2, done: 45, total: 100, leftMs: 40_000 };
    const [row, , , line] = text(seen({ figures: { ...figures, restoring } }));
    expect(row).toContain('words restoring ');
    expect(line).toBe('words: restoring 2 tasks: 45 % of 100 records, about 40 s left');
  });

  test('shows when one that failed starts again, and why it failed', () => {
    const { pid: _, figures: __, ...rest } = seen({}).status;
    const status: MemberStatus = {
      ...rest,
      state: 'restarting',
      sinceMs: now - 2000,
      restarts: 3,
      nextStartMs: now + 6000,
      lastFailure: { code: 'LOG_FULL', message: 'the disk is full', atMs: now - 2000 },
    };
    expect(text({ live: true, ageMs: 1, status })).toEqual([
      'words restarting 2s ago - 1,000 5,000 - 2 - - 3',
      '',
      behind,
      'words: starts again in 6s',
      'words: failed 2s ago: error[LOG_FULL] the disk is full',
    ]);
  });

  test.each([
    ['running', seen({}, { ageMs: 9999 })],
    ['silent', seen({}, { ageMs: 10_000 })],
    ['silent', seen({ figures: { ...figures, asOfMs: now - 10_500 } })],
    ['crashed', seen({}, { live: false })],
    ['stopped', seen({ state: 'stopped' }, { live: false })],
    ['failed', seen({ state: 'failed' }, { live: false })],
  ] as const)('calls it %s', (state, status) => {
    expect(text(status)[0]).toMatch(new RegExp(`^words ${state} `));
    const logged = { lag: [], records: 0, deadLettered: 0, ...parkedNone };
    expect(statusJson({ application: 'words', logged, seen: [status] })).toMatchObject({
      members: [{ shown: state }],
    });
  });

  test('shows no figures of one that is dead, since its last sign of life', () => {
    expect(text(seen({}, { live: false, ageMs: 30_000 }))[0]).toBe(
      'words crashed 30s ago - 1,000 5,000 - 2 - - 0',
    );
  });

  test('shows what the log knows where no runner was seen', () => {
    expect(text()[0]).toBe('words not seen - - 1,000 5,000 - 2 - - -');
  });
});
