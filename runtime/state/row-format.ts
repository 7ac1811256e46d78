import { TaskCorruptedError } from '../../topology/core/errors.ts';

/**
 * A row as the disk holds it:
 *
 * | bytes | what |
 * |---|---|
 * | 0 | format, 1 |
 * | 1 | flags: bit 0 = keep (no ttl) |
 * | 2–9 | row time, ms since epoch, unsigned 64 bits BE |
 * | 10… | the value as its serde writes it (Avro: with the writer's schema id) |
 *
 * In the changelog the value stands alone, as any Kafka program reads it; the time is the record's,
 * and `keep` is a header ({@link keepHeader}).
 */
export const rowPrefixBytes = 10;

/**
 * Name of the changelog record header that says that a row does not expire. Its value is one byte,
 * 1.
 */
export const keepHeader = 'millrace-keep';

/**
 * Longest key that a store takes, in bytes: what fits into a key of the disk store beside its
 * prefix. The same for every backend, so that a test fails where production would.
 */
export const maxKeyBytes = 1900;

const format = 1;
const two32 = 2 ** 32;

/** Writes the prefix of a row at `at`. `time` is a safe integer ≥ 0. */
export function writeRowPrefix(buffer: Buffer, at: number, time: number, keep: boolean): void {
  buffer[at] = format;
  buffer[at + 1] = keep ? 1 : 0;
  buffer.writeUInt32BE(Math.floor(time / two32), at + 2);
  buffer.writeUInt32BE(time >>> 0, at + 6);
}

/** A whole row from the parts that a changelog record has. */
export function encodeRow(value: Uint8Array, time: number, keep: boolean): Buffer {
  const row = Buffer.allocUnsafe(rowPrefixBytes + value.length);
  writeRowPrefix(row, 0, time, keep);
  row.set(value, rowPrefixBytes);
  return row;
}

/**
 * Checks that a row is one that this version reads.
 * @throws {TaskCorruptedError} STORE_ROW_FORMAT if it is not
 */
export function checkRow(row: Buffer, store: string): void {
  if (row.length >= rowPrefixBytes && row[0] === format) return;
  throw new TaskCorruptedError(
    'STORE_ROW_FORMAT',
    `store "${store}" holds a row that cannot be read (format ${row[0]}): it is rebuilt from the changelog at the next start`,
  );
}

/** Row time, ms since epoch. */
export function rowTime(row: Buffer): number {
  return row.readUInt32BE(2) * two32 + row.readUInt32BE(6);
}

/** True for a row that does not expire. */
export function rowKeep(row: Buffer): boolean {
  return ((row[1] as number) & 1) !== 0;
}
