import { expect, test } from 'vitest';
import { failureLine } from '../../../runtime/app/failure-line.ts';
import { ConfigError, StorageError } from '../../../topology/core/errors.ts';

test.each([
  ['LOG_FULL', '\nerror[LOG_FULL] no room\n'],
  ['STATE_FULL', '\nerror[STATE_FULL] no room\n'],
  ['LOG_IO', 'error[LOG_IO] no room\n'],
])(
  'begins with the code, and on a line of its own if LMDB may have complained: %s',
  (code, line) => {
    expect(failureLine(new StorageError(code, 'no room'))).toBe(line);
  },
);

test('begins each line of a list with the code, so that each is found', () => {
  const error = new ConfigError('TOPIC_MISMATCH', 'topic "a" is one\ntopic "b" is another');
  expect(failureLine(error)).toBe(
    'error[TOPIC_MISMATCH] topic "a" is one\nerror[TOPIC_MISMATCH] topic "b" is another\n',
  );
  expect(failureLine(new ConfigError('RUNNER_FILE', 'it has problems:\n\nx'))).toBe(
    'error[RUNNER_FILE] it has problems:\n\nx\n',
  );
});
