import type { Serde } from './serde.ts';
import { decodeError, encodeError, show } from './serde-errors.ts';
import { readUtf8, writeUtf8 } from './text-bytes.ts';

/** Primitive types that Kafka has serializers for. */
export type PrimitiveKind = 'string' | 'int' | 'long' | 'double' | 'float' | 'boolean' | 'bytes';

/**
 * The serde of a primitive type as Kafka's own serializers write it: UTF-8, int32 and int64 BE,
 * IEEE 754 BE, one byte for a boolean, bytes as they are. No schema id inside. Longs are numbers
 * within the safe range; text that is no UTF-8 is an error, since it would not be written back as
 * it was read.
 */
export function primitiveSerde(kind: PrimitiveKind): Serde {
  return serdes[kind];
}

/** UTF-8 text. */
export const stringSerde: Serde<string> = {
  write(value, buffer, position) {
    if (typeof value !== 'string') throw encodeError('string', `it is ${show(value)}`);
    const end = writeUtf8(value, buffer, position);
    if (end === undefined) {
      throw encodeError('string', `${show(value)} has half a surrogate pair, which UTF-8 lacks`);
    }
    return end;
  },
  read(buffer, start, end) {
    const text = readUtf8(buffer, start, end);
    if (text === undefined) throw decodeError('string', 'the bytes are no UTF-8');
    return text;
  },
};

/** Bytes as they are; values are Buffers of their own. */
export const bytesSerde: Serde<Buffer> = {
  write(value, buffer, position) {
    if (!((value as unknown) instanceof Uint8Array)) {
      throw encodeError('bytes', `it is ${show(value)}, which is no Buffer`);
    }
    if (value.length > buffer.length - position) return -1 - value.length;
    buffer.set(value, position);
    return position + value.length;
  },
  read(buffer, start, end) {
    return Buffer.from(buffer.subarray(start, end));
  },
};

const intSerde = fixedSerde<number>('int', 4, {
  fits: (value) => value === (value | 0),
  put: (value, buffer, at) => buffer.writeInt32BE(value, at),
  get: (buffer, at) => buffer.readInt32BE(at),
});

const two32 = 2 ** 32;

const longSerde = fixedSerde<number>('long', 8, {
  fits: Number.isSafeInteger,
  put(value, buffer, at) {
    buffer.writeInt32BE(Math.floor(value / two32), at);
    buffer.writeUInt32BE(value >>> 0, at + 4);
  },
  get: (buffer, at) => buffer.readInt32BE(at) * two32 + buffer.readUInt32BE(at + 4),
});

const doubleSerde = fixedSerde<number>('double', 8, {
  fits: isNumber,
  put: (value, buffer, at) => buffer.writeDoubleBE(value, at),
  get: (buffer, at) => buffer.readDoubleBE(at),
});

const floatSerde = fixedSerde<number>('float', 4, {
  fits: (value) => isNumber(value) && isFinite(Math.fround(value)) === isFinite(value),
  put: (value, buffer, at) => buffer.writeFloatBE(value, at),
  get: (buffer, at) => buffer.readFloatBE(at),
});

const booleanSerde = fixedSerde<boolean>('boolean', 1, {
  fits: (value) => typeof value === 'boolean',
  put: (value, buffer, at) => buffer.writeUInt8(value ? 1 : 0, at),
  get: (buffer, at) => buffer[at] === 1,
});

const serdes: Readonly<Record<PrimitiveKind, Serde>> = {
  string: stringSerde,
  int: intSerde,
  long: longSerde,
  double: doubleSerde,
  float: floatSerde,
  boolean: booleanSerde,
  bytes: bytesSerde,
};

interface Fixed<T> {
  /** False where the value cannot be written, or was read as one that cannot be. */
  readonly fits: (value: T) => boolean;
  readonly put: (value: T, buffer: Buffer, at: number) => unknown;
  readonly get: (buffer: Buffer, at: number) => T;
}

function fixedSerde<T>(kind: PrimitiveKind, size: number, { fits, put, get }: Fixed<T>): Serde {
  return {
    write(value, buffer, position) {
      if (!fits(value as T)) throw encodeError(kind, `it is ${show(value)}${beyond(kind, value)}`);
      if (size > buffer.length - position) return -1 - size;
      put(value as T, buffer, position);
      return position + size;
    },
    read(buffer, start, end) {
      if (end - start !== size) {
        throw decodeError(kind, `it takes ${size} bytes, but there are ${end - start}`);
      }
      const value = get(buffer, start);
      if (kind === 'long' && !fits(value)) {
        throw decodeError(kind, 'it is beyond the range in which numbers are exact (2^53)');
      }
      return value;
    },
  };
}

function beyond(kind: PrimitiveKind, value: unknown): string {
  return kind === 'long' && typeof value === 'number' && Number.isInteger(value)
    ? ', beyond the range in which numbers are exact (2^53)'
    : '';
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number';
}
