import type { DeadLetter } from './letter.ts';

/** What the log remembers of a dead letter that was sent on. */
export interface Redriven {
  /** Where it went: `topic/partition`, or the call stage that asks again. */
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
}

/** Letter's id → what a record of the topic says of it. */
export type RedrivenById = ReadonlyMap<string, Redriven & { readonly of: string }>;

/** Key and value of a letter's record in `<application>-redriven`. */
export function encodeRedriven(
  letter: DeadLetter,
  { to, at }: Redriven,
): { readonly key: Buffer; readonly value: Buffer } {
  const { source, time } = identity(letter);
  const json: RedrivenJson = { version: 1, to, at, source, time };
  return { key: Buffer.from(letter.id), value: Buffer.from(JSON.stringify(json)) };
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
