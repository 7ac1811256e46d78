import type { AvroType } from './avro.ts';

/** What flows along an edge. `value` is the row type on a table edge. */
export interface EdgeType {
  readonly kind: 'stream' | 'table';
  readonly key: AvroType;
  readonly value: AvroType;
}
