import { StorageError } from '../../topology/core/errors.ts';

/**
 * Most bytes that the records of one compressed batch may take, 256 MiB: the brokers' limits on a
 * batch are on its compressed form, and a small one could fill the memory.
 */
export const maxDecompressedBytes = 256 * 1024 * 1024;

/** The error for a batch that holds more than `maxBytes` bytes. */
export function tooBig(codec: string, maxBytes: number): StorageError {
  return new StorageError(
    'BATCH_TOO_BIG',
    `a record batch compressed with ${codec} holds more than ${maxBytes} bytes: ` +
      'have its producer write smaller batches',
  );
}
