import { expect, test } from 'vitest';
import { lmdbMessage } from '../../../runtime/mapped/lmdb-message.ts';

test.each([
  [
    'No space left on device: Attempting to write page at position 20480, size 8192, blocks 2, buffer sizes 4096 4096 1073649136',
    'No space left on device',
  ],
  ['Input/output error', 'Input/output error'],
])('keeps of "%s" what a user understands', (message, plain) => {
  expect(lmdbMessage(new Error(message))).toBe(plain);
});

test('shows what is no error as it is', () => {
  expect(lmdbMessage('odd')).toBe('odd');
});
