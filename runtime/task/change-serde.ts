import { SerdeError } from '../../topology/core/errors.ts';
import type { Serde } from '../../schemas/serde.ts';

/** A change of a row as it travels through a repartition topic: undefined = not part of the change (KIP-904 sends both halves in one record). */
export interface Change {
  readonly old: unknown;
  readonly value: unknown;
}

const absent = 0;
const isNull = 1;
const present = 2;

/**
 * Serde of changes: two marks (0 absent, 1 null, 2 present), the length of the old value (int32), old value, new value.
 * Only our own repartition topics hold it.
 */
export function changeSerde(inner: Serde): Serde<Change> {
  return {
    write(change, buffer, position) {
      const header = position + 6;
      if (header > buffer.length) return -1 - (header - position);
      let end = header;
      if (change.old !== undefined && change.old !== null) {
        end = inner.write(change.old, buffer, end);
        if (end < 0) return end - 6;
      }
      buffer[position] = mark(change.old);
      buffer[position + 1] = mark(change.value);
      buffer.writeInt32BE(end - header, position + 2);
      if (change.value !== undefined && change.value !== null) {
        const start = end;
        end = inner.write(change.value, buffer, start);
        if (end < 0) return end - (start - position);
      }
      return end;
    },
    read(buffer, start, end) {
      if (end - start < 6) {
        throw new SerdeError('SERDE_DECODE', 'a repartitioned change is shorter than its header');
      }
      const header = start + 6;
      const oldEnd = header + buffer.readInt32BE(start + 2);
      return {
        old: half(buffer[start] as number, inner, buffer, header, oldEnd),
        value: half(buffer[start + 1] as number, inner, buffer, oldEnd, end),
      };
    },
    unknownId(buffer, start, end) {
      const header = start + 6;
      if (header > end) return undefined;
      const oldEnd = header + buffer.readInt32BE(start + 2);
      const idOf = (kind: number | undefined, from: number, to: number): number | undefined =>
        kind === present && to <= end ? inner.unknownId?.(buffer, from, to) : undefined;
      return idOf(buffer[start], header, oldEnd) ?? idOf(buffer[start + 1], oldEnd, end);
    },
  };
}

function mark(value: unknown): number {
  if (value === undefined) return absent;
  return value === null ? isNull : present;
}

function half(kind: number, inner: Serde, buffer: Buffer, start: number, end: number): unknown {
  if (kind === absent) return undefined;
  return kind === isNull ? null : inner.read(buffer, start, end);
}
