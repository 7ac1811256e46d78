import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ConfigError } from '../../../topology/core/errors.ts';
import type { Definition } from '../../../topology/definition/definition.ts';
import { lockFileName, lockText, parseLock, type SchemaLock } from '../../registry/lock-file.ts';
import { shortPath } from '../short-path.ts';
import { writeWhole } from '../write-whole.ts';

/** A lock as it lies in a folder of schemas. */
export interface FoundLock {
  /** As it is called in messages. */
  readonly file: string;
  readonly lock: SchemaLock;
}

/** Absolute path of the lock file that goes with a topology file; undefined: it has no folder of schemas. */
export function lockPath(file: string, definition: Definition): string | undefined {
  if (definition.schemas === undefined) return undefined;
  return join(resolve(dirname(resolve(file)), definition.schemas), lockFileName);
}

/**
 * The lock at a path; undefined: there is none.
 * @throws {ConfigError} LOCK_FILE where it cannot be read
 */
export function readLock(path: string): FoundLock | undefined {
  if (!existsSync(path)) return undefined;
  const file = shortPath(path);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError('LOCK_FILE', `cannot read ${file}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return { file, lock: parseLock(text, file) };
}

/** Writes a lock whole, or not at all. */
export function writeLock(path: string, lock: SchemaLock): void {
  writeWhole(path, lockText(lock));
}
