import { SerdeError, TaskCorruptedError } from '../../topology/core/errors.ts';

/** A serde's error with the store's name in front; any other error as it is. */
export function inStore(store: string, error: unknown): unknown {
  if (!(error instanceof SerdeError)) return error;
  return new SerdeError(error.code, `store "${store}": ${error.message}`, { cause: error });
}

/**
 * What it means that a row of the disk does not decode: its bytes are damaged (the task is
 * restored), unless it is its schema that is not known or does not fit.
 */
export function rowError(store: string, error: unknown): unknown {
  if (!(error instanceof SerdeError) || error.code !== 'SERDE_DECODE') {
    return inStore(store, error);
  }
  return new TaskCorruptedError(
    'STORE_ROW_CORRUPT',
    `store "${store}" holds a row that does not decode (${error.message}): it is rebuilt from the changelog at the next start`,
    { cause: error },
  );
}
