import type { Field } from './field.ts';
import type { Entries } from './object.ts';
import type { Place } from './place.ts';
import type { Span, Written } from './written.ts';

/** The one of several keys that is there. None or more than one is reported. */
export function exactlyOne<const K extends string>(
  entries: Entries,
  keys: readonly K[],
  at: Place,
  owner: Written,
): K | undefined {
  const [first, second] = keys
    .filter((key) => entries.has(key))
    .sort((a, b) => keySpan(entries, a, owner)[0] - keySpan(entries, b, owner)[0]);
  if (first === undefined) {
    at.error('E006', at.ownerSpan(owner), `missing key: one of ${quoted(keys)}`);
  } else if (second !== undefined) {
    const span = keySpan(entries, second, owner);
    at.error('E013', span, `"${second}" and "${first}" exclude each other`, {
      notes: [{ message: `"${first}" is here`, span: keySpan(entries, first, owner) }],
    });
    return undefined;
  }
  return first;
}

/** The value of one key of a group, marked under `step`. */
export function readKey<V>(
  entries: Entries,
  key: string,
  at: Place,
  step: string,
  field: Field<V>,
): V | undefined {
  const entry = entries.get(key);
  if (entry === undefined) return undefined;
  at.mark(entry.value);
  const place = at.child(step, entry.key);
  place.mark(entry.value);
  return field.read(entry.value, place);
}

/** Where a key stands; its map, if it is not there. */
export function keySpan(entries: Entries, key: string, owner: Written): Span {
  return entries.get(key)?.key.span ?? owner.span;
}

function quoted(keys: readonly string[]): string {
  return keys.map((key) => `"${key}"`).join(', ');
}
