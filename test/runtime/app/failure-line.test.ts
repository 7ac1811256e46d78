import { expect, test } from 'vitest';
import { failureLine } from '../../../runtime/app/failure-line.ts';
import { StorageError } from '../../../topology/core/errors.ts';

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
