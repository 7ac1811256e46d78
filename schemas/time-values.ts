/*
 * Values of logical types as JavaScript's dates, and back. Serdes leave them as they are underneath,
 * since a date for each record would cost more than decoding it.
 */

const dayMs = 86_400_000;

/** Midnight, UTC, of a `date` (days since 1970-01-01). */
export function dateOfDays(days: number): Date {
  return new Date(days * dayMs);
}

/** The `date` of the day in UTC. */
export function daysOfDate(date: Date): number {
  return Math.floor(date.getTime() / dayMs);
}

/** The time of a `timestamp-micros`; digits below the millisecond are cut off. */
export function dateOfMicros(micros: number): Date {
  return new Date(Math.floor(micros / 1000));
}

/** The `timestamp-micros` of a date. */
export function microsOfDate(date: Date): number {
  return date.getTime() * 1000;
}

/** The time of a `timestamp-nanos`; digits below the millisecond are cut off. */
export function dateOfNanos(nanos: bigint): Date {
  const rest = ((nanos % 1_000_000n) + 1_000_000n) % 1_000_000n;
  return new Date(Number((nanos - rest) / 1_000_000n));
}

/** The `timestamp-nanos` of a date. */
export function nanosOfDate(date: Date): bigint {
  return BigInt(date.getTime()) * 1_000_000n;
}

/** A `duration`: three parts that do not convert into each other, each 0 to 4,294,967,295. */
export interface AvroDuration {
  readonly months: number;
  readonly days: number;
  readonly milliseconds: number;
}

const durationBytes = 12;

/**
 * What the 12 bytes of a `duration` say.
 * @throws {RangeError} when they are not 12
 */
export function durationOfBytes(bytes: Buffer): AvroDuration {
  if (bytes.length !== durationBytes) {
    throw new RangeError(`a duration has 12 bytes, not ${bytes.length}`);
  }
  return {
    months: bytes.readUInt32LE(0),
    days: bytes.readUInt32LE(4),
    milliseconds: bytes.readUInt32LE(8),
  };
}

/**
 * The 12 bytes of a `duration`.
 * @throws {RangeError} when a part is no whole number from 0 to 4,294,967,295
 */
export function bytesOfDuration({ months, days, milliseconds }: AvroDuration): Buffer {
  const parts = { months, days, milliseconds };
  const bytes = Buffer.alloc(durationBytes);
  for (const [i, [name, value]] of Object.entries(parts).entries()) {
    if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) {
      throw new RangeError(`${name} of a duration are 0 to 4294967295, not ${value}`);
    }
    bytes.writeUInt32LE(value, 4 * i);
  }
  return bytes;
}
