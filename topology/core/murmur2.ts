/**
 * Kafka's murmur2 over bytes (`org.apache.kafka.common.utils.Utils.murmur2`), as a signed 32-bit integer.
 * The seed is 0x9747b28c, as in Java.
 */
export function murmur2(data: Uint8Array, start = 0, end = data.length): number {
  const length = end - start;
  const m = 0x5bd1e995;
  let h = (0x9747b28c ^ length) | 0;
  let i = start;
  const words = start + (length & ~3);
  for (; i < words; i += 4) {
    let k =
      (data[i] as number) |
      ((data[i + 1] as number) << 8) |
      ((data[i + 2] as number) << 16) |
      ((data[i + 3] as number) << 24);
    k = Math.imul(k, m);
    k ^= k >>> 24;
    k = Math.imul(k, m);
    h = Math.imul(h, m) ^ k;
  }
  const rest = length & 3;
  if (rest === 3) h ^= (data[i + 2] as number) << 16;
  if (rest >= 2) h ^= (data[i + 1] as number) << 8;
  if (rest >= 1) {
    h ^= data[i] as number;
    h = Math.imul(h, m);
  }
  h ^= h >>> 13;
  h = Math.imul(h, m);
  return h ^ (h >>> 15);
}

/** The partition of a key's bytes, as Kafka's default partitioner chooses it: `(murmur2 & 0x7fffffff) % partitions`. */
export function partitionOf(
  key: Uint8Array,
  partitions: number,
  start = 0,
  end = key.length,
): number {
  return (murmur2(key, start, end) & 0x7fffffff) % partitions;
}
