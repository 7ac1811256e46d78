/** Versions of a subject, and schemas that may come next: under each mode some may and some not. */
const record = (...fields: object[]): string =>
  JSON.stringify({ type: 'record', name: 'shop.Order', fields });
const id = { name: 'id', type: 'string' };
const note = { name: 'note', type: 'string' };
const noteOr = { ...note, default: '' };
const count = { name: 'count', type: 'long', default: 0 };

/** Ascending. */
export const modeVersions: readonly string[] = [
  record(id, note),
  record(id, noteOr),
  record(id, noteOr, count),
];

/** By name. */
export const modeCandidates: Readonly<Record<string, string>> = {
  'as the newest, another doc': record(id, { ...noteOr, doc: 'x' }, count),
  'a field with default more': record(id, noteOr, count, { name: 'more', type: 'int', default: 1 }),
  'a field without default more': record(id, noteOr, count, { name: 'more', type: 'int' }),
  'the note gone': record(id, count),
  'an optional field gone': record(id, noteOr),
  'a required field gone': record(noteOr, count),
  'a field narrowed': record(id, noteOr, { name: 'count', type: 'int', default: 0 }),
};
