import { ConfigError } from '../../topology/core/errors.ts';
import type { TopicRecord } from '../app/named-topics.ts';
import { letterHeaders } from '../task/dead-letter.ts';
import { parkedId, type Release } from '../task/release.ts';

/** What is to become of the record whose dead letter parks a key. */
export interface ReleaseOptions {
  /** @defaultValue 'retry' */
  readonly action?: Release['action'];
  /** The value that it has from now on, null for a tombstone. @defaultValue its own */
  readonly value?: unknown;
}

/**
 * The release of the key that a dead letter parks, and the topic that its record came from.
 * @throws {ConfigError} LETTER_NOT_PARKED when it parks none
 */
export function releaseOf(
  { key, headers }: TopicRecord,
  action: Release['action'],
): { readonly topic: string; readonly release: Release } {
  const text = (name: string): string =>
    String(Buffer.from(headers.findLast(([it]) => it === name)?.[1] ?? []));
  const parked = parkedId(text(letterHeaders.parked));
  if (parked === undefined || !(key instanceof Uint8Array)) {
    throw new ConfigError(
      'LETTER_NOT_PARKED',
      'the dead letter parks no key: only one of an input record with a key does, whose error policy has "park-by-key"',
    );
  }
  const task = text(letterHeaders.task);
  const release = { task, key: Buffer.from(key), parked, action };
  return { topic: text(letterHeaders.topic), release };
}
