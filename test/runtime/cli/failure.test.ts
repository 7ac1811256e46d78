import { describe, expect, test } from 'vitest';
import { explainFailure, UsageError } from '../../../runtime/cli/failure.ts';
import {
  ConfigError,
  IllegalStateError,
  ProcessingError,
  StorageError,
  TaskMigratedError,
} from '../../../topology/core/errors.ts';

describe('explainFailure', () => {
  test.each([
    [new UsageError('say more'), 'error: say more\n', 2],
    [new ConfigError('TOPIC_MISMATCH', 'no'), 'error[TOPIC_MISMATCH] no\n', 3],
    [new ConfigError('PROCESSOR_IMPORT', 'no'), 'error[PROCESSOR_IMPORT] no\n', 1],
    [new StorageError('LOG_FULL', 'full'), '\nerror[LOG_FULL] full\n', 3],
    [new TaskMigratedError('FENCED', 'gone'), 'error[FENCED] gone\n', 1],
  ])('says in one line what %s means', (error, text, exitCode) => {
    expect(explainFailure(error)).toEqual({ text, exitCode });
  });

  test('leaves out the technical words of a cause', () => {
    const error = new StorageError('LOG_IO', 'the disk', { cause: new Error('EIO') });
    expect(explainFailure(error).text).toBe('error[LOG_IO] the disk\n');
  });

  test('shows where the user’s code threw what stopped the application', () => {
    const cause = new TypeError('undefined is not a function');
    cause.stack = `TypeError: undefined is not a function
    at node:internal/timers:1:1
    at map (file:///x/node_modules/rxjs/map.js:3:4)
    at shout (file://${process.cwd()}/processors/shout.ts:12:7)
    at run (file:///x/runtime/task.ts:1:1)`;
    const error = new ProcessingError('STAGE_FAILED_FATAL', 'a record failed', {
      cause: new ProcessingError('STAGE_FAILED', 'stage "loud" failed', { cause }),
    });
    expect(explainFailure(error)).toEqual({
      text: 'error[STAGE_FAILED_FATAL] a record failed\n      at processors/shout.ts:12:7\n',
      exitCode: 1,
    });
  });

  test.each([new TypeError('x is undefined'), new IllegalStateError('ENGINE_STATE', 'x')])(
    'shows %s with its stack, and asks for a report',
    (error) => {
      const { text, exitCode } = explainFailure(error);
      expect(exitCode).toBe(1);
      expect(text.startsWith(error.stack as string)).toBe(true);
      expect(text).toContain('Please report it');
    },
  );
});
