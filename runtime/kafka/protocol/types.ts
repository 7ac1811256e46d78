import type { WireReader } from './wire-reader.ts';
import type { WireWriter } from './wire-writer.ts';

/** How a message is written: its version, and whether that version is a flexible one (compact lengths, tagged fields; KIP-482). */
export interface WireForm {
  readonly version: number;
  readonly flexible: boolean;
}

/** A type of Kafka's protocol. */
export interface WireType<T> {
  write(writer: WireWriter, value: T, form: WireForm): void;
  read(reader: WireReader, form: WireForm): T;
}

/** The TypeScript type of a wire type. */
export type ValueOf<W> = W extends WireType<infer T> ? T : never;

export const int8: WireType<number> = {
  write: (writer, value) => writer.int8(value),
  read: (reader) => reader.int8(),
};

export const int16: WireType<number> = {
  write: (writer, value) => writer.int16(value),
  read: (reader) => reader.int16(),
};

export const int32: WireType<number> = {
  write: (writer, value) => writer.int32(value),
  read: (reader) => reader.int32(),
};

/** Offsets, times (ms), producer ids: safe integers. */
export const int64: WireType<number> = {
  write: (writer, value) => writer.int64(value),
  read: (reader) => reader.int64(),
};

export const float64: WireType<number> = {
  write: (writer, value) => writer.float64(value),
  read: (reader) => reader.float64(),
};

export const bool: WireType<boolean> = {
  write: (writer, value) => writer.int8(value ? 1 : 0),
  read: (reader) => reader.int8() !== 0,
};

/** 16 bytes. */
export const uuid: WireType<Buffer> = {
  write: (writer, value) => writer.raw(value),
  read: (reader) => reader.raw(16),
};

export const nullableString: WireType<string | null> = {
  write: (writer, value, form) => {
    const bytes = value === null ? null : Buffer.from(value);
    if (form.flexible) writer.unsignedVarint(bytes === null ? 0 : bytes.length + 1);
    else writer.int16(bytes === null ? -1 : bytes.length);
    if (bytes !== null) writer.raw(bytes);
  },
  read: (reader, form) => {
    const length = form.flexible ? reader.unsignedVarint() - 1 : reader.int16();
    return length < 0 ? null : reader.raw(length).toString();
  },
};

export const string: WireType<string> = {
  write: (writer, value, form) => nullableString.write(writer, value, form),
  read: (reader, form) => nullableString.read(reader, form) ?? '',
};

/** Bytes, or null; also `records`. Read as a view of the response. */
export const nullableBytes: WireType<Buffer | null> = {
  write: (writer, value, form) => {
    if (form.flexible) writer.unsignedVarint(value === null ? 0 : value.length + 1);
    else writer.int32(value === null ? -1 : value.length);
    if (value !== null) writer.raw(value);
  },
  read: (reader, form) => {
    const length = form.flexible ? reader.unsignedVarint() - 1 : reader.int32();
    return length < 0 ? null : reader.raw(length);
  },
};

export const bytes: WireType<Buffer> = {
  write: (writer, value, form) => nullableBytes.write(writer, value, form),
  read: (reader, form) => nullableBytes.read(reader, form) ?? Buffer.alloc(0),
};

export function nullableArray<T>(of: WireType<T>): WireType<readonly T[] | null> {
  return {
    write: (writer, value, form) => {
      if (form.flexible) writer.unsignedVarint(value === null ? 0 : value.length + 1);
      else writer.int32(value === null ? -1 : value.length);
      for (const item of value ?? []) of.write(writer, item, form);
    },
    read: (reader, form) => {
      const count = form.flexible ? reader.unsignedVarint() - 1 : reader.int32();
      if (count < 0) return null;
      const items: T[] = [];
      for (let i = 0; i < count; i++) items.push(of.read(reader, form));
      return items;
    },
  };
}

export function array<T>(of: WireType<T>): WireType<readonly T[]> {
  const type = nullableArray(of);
  return {
    write: (writer, value, form) => type.write(writer, value, form),
    read: (reader, form) => type.read(reader, form) ?? [],
  };
}

/** A field that exists in versions `[from, to]` alone; elsewhere it is not written, and read as `absent`. */
export function between<T>(from: number, to: number, type: WireType<T>, absent: T): WireType<T> {
  return {
    write: (writer, value, form) => {
      if (form.version >= from && form.version <= to) type.write(writer, value, form);
    },
    read: (reader, form) =>
      form.version >= from && form.version <= to ? type.read(reader, form) : absent,
  };
}

/** A field that exists from a version on. */
export function since<T>(version: number, type: WireType<T>, absent: T): WireType<T> {
  return between(version, Number.POSITIVE_INFINITY, type, absent);
}

/** A tagged field of a flexible version: read where the sender wrote it, else `absent`; written unless it is `absent`. */
export interface Tagged<T> extends WireType<T> {
  readonly tag: number;
  readonly absent: T;
}

export function tagged<T>(tag: number, type: WireType<T>, absent: T): Tagged<T> {
  return { ...type, tag, absent };
}

/** Field name → type, in the order of the wire; tagged fields anywhere. */
export type WireFields = Readonly<Record<string, WireType<never> | WireType<unknown>>>;

export type StructOf<F extends WireFields> = { readonly [K in keyof F]: ValueOf<F[K]> };

/** A structure: its fields in order, then, in flexible versions, the tagged ones. Unknown tags are skipped. */
export function struct<F extends WireFields>(fields: F): WireType<StructOf<F>> {
  const plain: (readonly [string, WireType<unknown>])[] = [];
  const byTag = new Map<number, readonly [string, Tagged<unknown>]>();
  for (const [name, type] of Object.entries(fields) as [string, WireType<unknown>][]) {
    if (isTagged(type)) byTag.set(type.tag, [name, type]);
    else plain.push([name, type]);
  }
  return {
    write(writer, value, form) {
      const values = value as Readonly<Record<string, unknown>>;
      for (const [name, type] of plain) type.write(writer, values[name], form);
      if (form.flexible) writeTags(writer, values, byTag, form);
    },
    read(reader, form) {
      const values: Record<string, unknown> = {};
      for (const [name, type] of plain) values[name] = type.read(reader, form);
      for (const [name, type] of byTag.values()) values[name] = type.absent;
      if (form.flexible) readTags(reader, values, byTag, form);
      return values as StructOf<F>;
    },
  };
}

type TagTable = ReadonlyMap<number, readonly [string, Tagged<unknown>]>;

function writeTags(
  writer: WireWriter,
  values: Readonly<Record<string, unknown>>,
  byTag: TagTable,
  form: WireForm,
): void {
  const present = [...byTag].filter(([, [name, type]]) => values[name] !== type.absent);
  writer.unsignedVarint(present.length);
  for (const [tag, [name, type]] of present.toSorted(([a], [b]) => a - b)) {
    const part = writer.part();
    type.write(part, values[name], form);
    const content = part.finish();
    writer.unsignedVarint(tag);
    writer.unsignedVarint(content.length);
    writer.raw(content);
  }
}

function readTags(
  reader: WireReader,
  values: Record<string, unknown>,
  byTag: TagTable,
  form: WireForm,
): void {
  const count = reader.unsignedVarint();
  for (let i = 0; i < count; i++) {
    const known = byTag.get(reader.unsignedVarint());
    const end = reader.unsignedVarint() + reader.position;
    if (known !== undefined) values[known[0]] = known[1].read(reader, form);
    reader.raw(end - reader.position);
  }
}

function isTagged(type: WireType<unknown>): type is Tagged<unknown> {
  return 'tag' in type;
}
