/** How the records of a batch are compressed: Kafka's `compression.type`. */
export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

/** All of them; the index is the id in a batch's attributes (Kafka `CompressionType`). */
export const compressions: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

/** Name of a codec by its id, for messages; the number itself where there is no such codec. */
export function compressionName(id: number): string {
  return compressions[id] ?? `codec ${id}`;
}
