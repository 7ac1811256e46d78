import { describe, expect, test } from 'vitest';
import { ApplicationWatch } from '../../../runtime/app/application-watch.ts';
import type { CallStatus } from '../../../runtime/calls/call-status.ts';
import { reportTo } from '../../../runtime/logger.ts';
import { ManualClock } from '../../../runtime/testing/manual-clock.ts';
import { KeptLines } from './runner/fake-startable.ts';

const quiet: CallStatus = {
  stage: 'charge',
  inFlight: 0,
  waiting: 0,
  backingOff: 0,
  parked: 0,
  held: 0,
  breaker: 'closed',
};

function watched() {
  const application = {
    tasks: new Map<string, ReadonlyMap<string, { readonly deadLettered: number }>>(),
    outcomesByTask: () => application.tasks,
    calls: [] as CallStatus[],
    callStatus: () => application.calls,
  };
  const [clock, lines] = [new ManualClock(), new KeptLines()];
  const report = reportTo(lines, { application: 'words' });
  const watch = new ApplicationWatch(application, clock, report);
  const dead = (id: string, deadLettered: number): void => {
    application.tasks = new Map([[id, new Map([['loud', { deadLettered }]])]]);
  };
  const look = (): void => clock.advanceTo(clock.now() + 5000);
  return { application, clock, lines, watch, dead, look };
}

describe('ApplicationWatch', () => {
  test('says once in 5 s how many records went to the dead letters, of which task and stage', () => {
    const { lines, dead, look } = watched();
    dead('loud_0', 0);
    look();
    expect(lines.lines).toEqual([]);
    dead('loud_0', 2);
    look();
    look();
    expect(lines.lines).toEqual([
      {
        level: 'warn',
        message:
          '2 records of stage "loud" went to the dead letters (task loud_0): "millrace dlq list" says why',
        fields: { application: 'words', task: 'loud_0', stage: 'loud', records: 2, total: 2 },
      },
    ]);
  });

  test('looks at nothing when it is closed', () => {
    const { look, watch, clock } = watched();
    look();
    watch.close();
    expect(clock.nextDue()).toBeUndefined();
  });

  test('says when a breaker opens and closes', () => {
    const { application, lines, look } = watched();
    const states = ['closed', 'open', 'open', 'half-open', 'closed', 'closed'] as const;
    for (const breaker of states) {
      application.calls = [{ ...quiet, breaker }];
      look();
    }
    expect(lines.messages).toEqual([
      'warn: the breaker of stage "charge" is open: its calls wait',
      'info: the breaker of stage "charge" is closed again',
    ]);
  });

  test('says when inputs pause for want of room, and when they go on', () => {
    const { application, lines, look } = watched();
    for (const full of [false, true, true, false, false]) {
      application.calls = [full ? { ...quiet, inputsPaused: true } : quiet];
      look();
    }
    expect(lines.messages).toEqual([
      'warn: so many calls of stage "charge" are parked or held that its inputs are paused (max-parked-calls): see "millrace calls list"',
      'info: the inputs of stage "charge" go on',
    ]);
  });

  test('says which calls wait for a person, each time that there are more', () => {
    const { application, lines, look } = watched();
    for (const held of [2, 2, 1, 2]) {
      application.calls = [{ ...quiet, held }];
      look();
    }
    const what = 'must be decided by a person, and their keys wait: see "millrace calls list"';
    expect(lines.messages).toEqual([
      `warn: 2 calls of stage "charge" ${what}`,
      `warn: 1 call of stage "charge" ${what}`,
    ]);
  });
});
