import type { Header } from '../../../topology/core/record.ts';
import { encodeRelease, type Release, type ReleaseJson } from '../../task/release.ts';
import type { DeadLetter } from './letter.ts';

/** {@link Redriven.to} of a letter that was given up. */
export const discarded = 'discarded';

/** What the log remembers of a dead letter that was sent on, or given up. */
export interface Redriven {
  /** Where it went: `topic/partition`, the call stage that asks again, the task whose key it parked; or {@link discarded}. */
  readonly to: string;
  /** When, ISO. */
  readonly at: string;
}

/** A record of `<application>-redriven`; its key is the letter's id. */
interface RedrivenJson extends Redriven {
  readonly version: 1;
  /** Of the letter's record: a topic of the same name may have been made anew, with other letters. */
  readonly source: string;
  readonly time: number;
  /** Of a letter that parked a key: what its task is to do. */
  readonly release?: ReleaseJson;
}

/** A letter's record in `<application>-redriven`. */
export interface RedrivenRecord {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly headers: readonly Header[];
}

/** Letter's id → what a record of the topic says of it. */
export type RedrivenById = ReadonlyMap<string, Redriven & { readonly of: string }>;

/** The record that notes what became of a letter, and tells its task of the release if there is one. */
export function encodeRedriven(
  letter: DeadLetter,
  { to, at }: Redriven,
  release?: Release,
): RedrivenRecord {
  const { source, time } = identity(letter);
  const encoded = release === undefined ? undefined : encodeRelease(release);
  const json: RedrivenJson = {
    version: 1,
    to,
    at,
    source,
    time,
    ...(encoded === undefined ? {} : { release: encoded.json }),
  };
  return {
    key: Buffer.from(letter.id),
    value: Buffer.from(JSON.stringify(json)),
    headers: encoded?.headers ?? [],
  };
}

/** What the value of such a record says; undefined: it is none, or one of a later version. */
export function decodeRedriven(
  value: Buffer | null,
): (Redriven & { readonly of: string }) | undefined {
  try {
    const { version, to, at, source, time } = JSON.parse(String(value)) as RedrivenJson;
    return version === 1 ? { to, at, of: `${source}@${time}` } : undefined;
  } catch {
    return undefined;
  }
}

/** How the letter was sent on; undefined: it was not. */
export function redrivenOf(letter: DeadLetter, known: RedrivenById): Redriven | undefined {
  const found = known.get(letter.id);
  const { source, time } = identity(letter);
  return found?.of === `${source}@${time}` ? found : undefined;
}

function identity({ source, time }: DeadLetter): { source: string; time: number } {
  if (source === undefined) return { source: '', time };
  return { source: `${source.topic}/${source.partition}/${source.offset}`, time };
}
