/** Bytes that a sequence number takes in the key of a row. */
export const sequenceLength = 8;

/** Writes a sequence number, from 0 to 2^53 − 1, big-endian, so that rows are in its order. */
export function writeSequence(key: Buffer, sequence: number, at: number): void {
  key.writeUInt32BE(Math.floor(sequence / 2 ** 32), at);
  key.writeUInt32BE(sequence % 2 ** 32, at + 4);
}

/** The sequence number that {@link writeSequence} wrote there. */
export function readSequence(key: Buffer, at: number): number {
  return key.readUInt32BE(at) * 2 ** 32 + key.readUInt32BE(at + 4);
}
