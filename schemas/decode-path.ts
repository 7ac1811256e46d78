import avsc from 'avsc';
import type { Type } from 'avsc';
import type { Inner, InnerRecord, Tap } from './avsc-base.ts';
import { innerOf } from './avsc-base.ts';
import { itemCount } from './avsc-collections.ts';
import { resolveBranch } from './avsc-unions.ts';

/**
 * The path of names, indices and keys, in the writer's words, to the value at which decoding fails;
 * empty where it is the whole. `reader` is the type that reads it, where that is another one: what it
 * does not take is skipped here as well.
 */
export function failingPath(
  buffer: Buffer,
  position: number,
  { writer, reader }: { readonly writer: Type; readonly reader?: Type },
): readonly string[] {
  const path: string[] = [];
  const walker = {
    _read: (tap: Tap) =>
      walk(tap, { writer: innerOf(writer), reader: reader && innerOf(reader) }, path),
  };
  try {
    // avsc exports no Tap: its `decode` makes one for any `_read`.
    avsc.Type.prototype.decode.call(walker as never, buffer, position);
  } catch {
    return path;
  }
  return [];
}

interface Pair {
  readonly writer: Inner;
  readonly reader: Inner | undefined;
}

function walk(tap: Tap, { writer, reader: whole }: Pair, path: string[]): void {
  if ('types' in writer) {
    const branches = writer.types as readonly Inner[];
    const index = tap.readLong();
    const branch = branches[index];
    if (branch === undefined) throw new Error('no branch');
    walk(tap, { writer: branch, reader: whole }, path);
    return;
  }
  const reader = branchFor(whole, writer);
  switch (writer.typeName) {
    case 'record':
    case 'error':
      walkRecord(tap, { writer, reader }, path);
      return;
    case 'array':
    case 'map':
      walkItems(tap, { writer, reader }, path);
      return;
    default:
      (reader === undefined ? writer : reader.createResolver(writer))._read(tap);
  }
}

function branchFor(reader: Inner | undefined, writer: Inner): Inner | undefined {
  if (reader === undefined || !('types' in reader)) return reader;
  return resolveBranch(reader.types as readonly Inner[], writer, { registry: {} })?.branch;
}

function walkRecord(tap: Tap, { writer, reader }: Pair, path: string[]): void {
  for (const field of (writer as InnerRecord).fields) {
    const into = (reader as InnerRecord | undefined)?.fields.find(
      ({ name, aliases }) => name === field.name || aliases.includes(field.name),
    );
    if (reader !== undefined && into === undefined) {
      field.type._skip(tap);
      continue;
    }
    path.push(field.name);
    walk(tap, { writer: field.type, reader: into?.type }, path);
    path.pop();
  }
}

type Items = Inner & { readonly itemsType?: Inner; readonly valuesType?: Inner };

function walkItems(tap: Tap, { writer, reader }: Pair, path: string[]): void {
  const inner = (type: Items | undefined): Inner | undefined => type?.itemsType ?? type?.valuesType;
  const items = { writer: inner(writer) as Inner, reader: inner(reader) };
  let index = 0;
  for (let count = itemCount(tap); count > 0; count = itemCount(tap)) {
    for (let left = count; left > 0; left--) {
      path.push(writer.typeName === 'map' ? tap.readString() : String(index++));
      walk(tap, items, path);
      path.pop();
    }
  }
}
