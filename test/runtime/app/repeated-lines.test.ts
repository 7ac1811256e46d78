import { describe, expect, test } from 'vitest';
import { withoutRepeats } from '../../../runtime/app/repeated-lines.ts';
import { ManualClock } from '../../../runtime/testing/manual-clock.ts';
import { KeptLines } from './runner/fake-startable.ts';

describe('withoutRepeats', () => {
  test('leaves out what was said less than 10 s ago, and says how often', () => {
    const [lines, clock] = [new KeptLines(), new ManualClock()];
    const logger = withoutRepeats(lines, clock);
    logger.log('warn', 'a', { store: 's' });
    clock.advanceTo(9999);
    logger.log('warn', 'a', { store: 's' });
    logger.log('error', 'a');
    logger.log('warn', 'b');
    clock.advanceTo(10_000);
    logger.log('warn', 'a', { store: 's' });
    expect(lines.lines).toEqual([
      { level: 'warn', message: 'a', fields: { store: 's' } },
      { level: 'error', message: 'a', fields: undefined },
      { level: 'warn', message: 'b', fields: undefined },
      { level: 'warn', message: 'a', fields: { store: 's', repeated: 1 } },
    ]);
  });

  test('takes lines of one code about one thing for the same, whatever they say', () => {
    const lines = new KeptLines();
    const logger = withoutRepeats(lines, new ManualClock());
    logger.log('warn', 'record 1', { code: 'LEFT_OUT', store: 's' });
    logger.log('warn', 'record 2', { code: 'LEFT_OUT', store: 's' });
    logger.log('warn', 'record 3', { code: 'LEFT_OUT', store: 't' });
    expect(lines.messages).toEqual(['warn: record 1', 'warn: record 3']);
  });

  test('remembers 256 lines at most', () => {
    const lines = new KeptLines();
    const logger = withoutRepeats(lines, new ManualClock());
    for (let i = 0; i <= 256; i++) logger.log('info', `line ${i}`);
    logger.log('info', 'line 256');
    logger.log('info', 'line 0');
    expect(lines.messages.slice(256)).toEqual(['info: line 256', 'info: line 0']);
  });
});
