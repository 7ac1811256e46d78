import type { Header } from '../../topology/core/record.ts';

/** Which failure of a parked key is meant: a key that fails again is parked anew. */
export interface ParkedId {
  /** 1 for the record that parked the key, one more each time that it (or one behind it) fails. */
  readonly attempt: number;
  /** Wall clock when it failed, ms: tells it from one before a reset. */
  readonly sinceMs: number;
}

/** What a person decided about the dead letter that parks a key. Part of a record of `<application>-redriven`. */
export interface Release {
  readonly task: string;
  /** The bytes of the key. */
  readonly key: Buffer;
  readonly parked: ParkedId;
  /** `retry`: the record enters the topology again; `discard`: it does not. The records behind it follow in either case. */
  readonly action: 'retry' | 'discard';
  /** The value that the record has now; undefined: as it was. */
  readonly value?: Buffer | null;
}

/** {@link Release} without its value, as the JSON of its record has it under `release`. */
export interface ReleaseJson {
  readonly task: string;
  /** Base64. */
  readonly key: string;
  readonly attempt: number;
  readonly sinceMs: number;
  readonly action: 'retry' | 'discard';
}

/** Header with the new value of a released record; null: it is deleted. */
const valueHeader = '__streams.redriven.value';

/** The JSON and the headers of a release. */
export function encodeRelease({ task, key, parked, action, value }: Release): {
  readonly json: ReleaseJson;
  readonly headers: readonly Header[];
} {
  const json = { task, key: key.toString('base64'), ...parked, action };
  return { json, headers: value === undefined ? [] : [[valueHeader, value]] };
}

/** The release that a record of `<application>-redriven` tells of; undefined: it tells of none, or a later version wrote it. */
export function decodeRelease(
  value: Buffer | null,
  headers: readonly Header[],
): Release | undefined {
  let release: ReleaseJson | undefined;
  try {
    const json = JSON.parse(String(value)) as { version: number; release?: ReleaseJson };
    release = json.version === 1 ? json.release : undefined;
  } catch {
    return undefined;
  }
  if (release === undefined) return undefined;
  const { task, key, attempt, sinceMs, action } = release;
  const changed = headers.find(([name]) => name === valueHeader);
  return {
    task,
    key: Buffer.from(key, 'base64'),
    parked: { attempt, sinceMs },
    action,
    ...(changed === undefined
      ? {}
      : { value: changed[1] === null ? null : Buffer.from(changed[1]) }),
  };
}

/** True when both mean the same failure. */
export function isSameFailure(one: ParkedId, other: ParkedId): boolean {
  return one.attempt === other.attempt && one.sinceMs === other.sinceMs;
}

/** `attempt/since`: a {@link ParkedId} as the header of a dead letter has it. */
export function parkedText({ attempt, sinceMs }: ParkedId): string {
  return `${attempt}/${sinceMs}`;
}

/** The {@link ParkedId} of such a text; undefined: it is none. */
export function parkedId(text: string): ParkedId | undefined {
  const [, attempt, sinceMs] = /^(\d{1,9})\/(\d{1,15})$/.exec(text) ?? [];
  return attempt === undefined ? undefined : { attempt: Number(attempt), sinceMs: Number(sinceMs) };
}
