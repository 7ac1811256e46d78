/** One header: a name and raw bytes. A null value is legal in Kafka and kept. Names may repeat; order is kept. */
export type Header = readonly [name: string, value: Uint8Array | null];

/** The shared empty header list: most records have none, so none of them allocates one. */
export const noHeaders: readonly Header[] = Object.freeze([]);

/**
 * One record on its way through a topology. Immutable: operators derive new records with {@link StreamRecord.with}.
 *
 * On a table edge `value` is the new row (`null` = the row is gone) and `old` is the row before (`null` = there was none, `undefined` = not tracked).
 * On a stream edge `old` is always `undefined`.
 *
 * **Gotchas** All instances have one hidden class; do not add fields outside the constructor (hot path).
 */
export class StreamRecord<K = unknown, V = unknown> {
  readonly key: K;
  readonly value: V;
  /** Record time, ms since epoch. */
  readonly time: number;
  readonly headers: readonly Header[];
  /** Topic, partition and offset of the input record that this one comes from; '' and −1 where it comes from none (a punctuation). */
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly old: V | null | undefined;

  constructor(
    key: K,
    value: V,
    time: number,
    headers: readonly Header[] = noHeaders,
    topic = '',
    partition = -1,
    offset = -1,
    old?: V | null,
  ) {
    this.key = key;
    this.value = value;
    this.time = time;
    this.headers = headers;
    this.topic = topic;
    this.partition = partition;
    this.offset = offset;
    this.old = old;
  }

  /** A stream record with this one's time, headers and origin, and another value. */
  withValue<W>(value: W): StreamRecord<K, W> {
    return new StreamRecord<K, W>(
      this.key,
      value,
      this.time,
      this.headers,
      this.topic,
      this.partition,
      this.offset,
    );
  }

  /** A stream record with this one's headers and origin, and what `change` names replaced. */
  with<L = K, W = V>(change: {
    key?: L;
    value?: W;
    time?: number;
    headers?: readonly Header[];
  }): StreamRecord<L, W> {
    return new StreamRecord<L, W>(
      'key' in change ? change.key : (this.key as unknown as L),
      'value' in change ? change.value : (this.value as unknown as W),
      change.time ?? this.time,
      change.headers ?? this.headers,
      this.topic,
      this.partition,
      this.offset,
    );
  }
}
