import type { EnumSchema, FieldSchema, ParsedSchema } from '../compatibility/parsed-schema.ts';
import { canRead } from '../compatibility/read-check.ts';
import { typeWords } from '../compatibility/type-words.ts';
import type { SchemaChange } from './schema-change.ts';

/** A name or path as the sentences have it. */
export function quoted(text: string): string {
  return `\`${text}\``;
}

/** A field that only the new schema has; `source`: one of the old schema that it is an alias of. */
export function fieldAdded(field: FieldSchema, path: string, source?: FieldSchema): SchemaChange {
  const backward = field.hasDefault || source !== undefined;
  const how = field.hasDefault
    ? `with default ${JSON.stringify(field.default)}`
    : 'without a default';
  const next =
    source !== undefined
      ? `new readers fill it from ${quoted(source.name)}, its alias`
      : backward
        ? 'new readers fill it in'
        : 'new readers cannot read what was written before, so give it a default';
  const message = `field ${quoted(path)} added ${how}: old readers ignore it, ${next}`;
  return { kind: 'field-added', path, message, backward, forward: true };
}

/** A field that only the old schema has; `source`: one of the new schema that it has an alias for. */
export function fieldRemoved(field: FieldSchema, path: string, source?: FieldSchema): SchemaChange {
  const forward = field.hasDefault || source !== undefined;
  const old =
    source !== undefined
      ? `old readers fill it from ${quoted(source.name)}, its alias`
      : forward
        ? `old readers fill in their default, ${JSON.stringify(field.default)}`
        : 'old readers cannot do without it, since it has no default there';
  const message = `field ${quoted(path)} removed: new readers ignore it, ${old}`;
  return { kind: 'field-removed', path, message, backward: true, forward };
}

/** A field that the new schema has under another name, with an alias. */
export function fieldRenamed(before: FieldSchema, after: FieldSchema, path: string): SchemaChange {
  const forward = before.hasDefault || before.aliases.includes(after.name);
  const old = before.aliases.includes(after.name)
    ? 'old readers know the new name as an alias'
    : forward
      ? `old readers do not know the new name and fill in their default, ${JSON.stringify(before.default)}`
      : 'old readers do not know the new name and cannot do without the field';
  const message = `field ${quoted(before.name)} is now called ${quoted(path)}, with an alias: new readers find it under both names, ${old}`;
  return { kind: 'field-renamed', path, message, backward: true, forward };
}

/** Symbols that only the new enum has. */
export function symbolsAdded(
  before: EnumSchema,
  added: readonly string[],
  path: string,
): SchemaChange {
  const forward = before.default !== undefined;
  const old = forward
    ? `old readers take what they do not know for ${before.default}`
    : 'old readers cannot read them, since their enum has no default';
  const message = `${quoted(before.name)} has ${listed(added)} more: new readers know all that was written, ${old}`;
  return { kind: 'symbols-added', path, message, backward: true, forward };
}

/** Symbols that only the old enum has. */
export function symbolsRemoved(
  after: EnumSchema,
  removed: readonly string[],
  path: string,
): SchemaChange {
  const backward = after.default !== undefined;
  const next = backward
    ? `new readers take them for ${after.default}`
    : 'new readers cannot read them, so give the enum a default';
  const message = `${quoted(after.name)} no longer has ${listed(removed)}: ${next}, old readers know all that is written`;
  return { kind: 'symbols-removed', path, message, backward, forward: true };
}

/** Another type in the same place. */
export function typeChanged(before: ParsedSchema, after: ParsedSchema, path: string): SchemaChange {
  const backward = canRead(after, before).readable;
  const forward = canRead(before, after).readable;
  const where = path === '' ? 'the schema' : quoted(path);
  const next = backward
    ? 'new readers read what was written before'
    : 'new readers cannot read what was written before';
  const old = forward
    ? 'old readers read what is written now'
    : 'old readers cannot read what is written now';
  const message = `${where} is ${typeWords(after)} instead of ${typeWords(before)}: ${next}, ${old}`;
  return { kind: 'type-changed', path, message, backward, forward };
}

function listed(symbols: readonly string[]): string {
  return symbols.map(quoted).join(', ');
}
