import type { AvroSerde } from '../../schemas/index.ts';
import type { Log } from '../ports.ts';
import type { ShopSerdes } from './shop-serdes.ts';
import { TopicReader } from './topic-reader.ts';

/** Where values are read from. */
export interface ValueSources {
  readonly log: Log;
  readonly serdes: Pick<ShopSerdes, 'fetchSchema'>;
}

/**
 * Calls `use` for each committed value of a topic and its key, a text, in order of offset per partition, whatever version of the schema wrote it. Records without
 * value are left out.
 */
export function readValues<T>(
  { log, serdes }: ValueSources,
  topic: string,
  serde: AvroSerde<T>,
  use: (value: T, key: string) => void,
): Promise<void> {
  return new TopicReader(log, topic).read((record) => {
    const { buffer, keyStart, keyEnd, valueStart, valueEnd } = record;
    if (valueEnd < 0) return undefined;
    const read = (): void =>
      use(serde.read(buffer, valueStart, valueEnd), buffer.toString('utf8', keyStart, keyEnd));
    const foreign = serde.unknownId(buffer, valueStart, valueEnd);
    return foreign === undefined ? read() : serdes.fetchSchema(foreign).then(read);
  });
}
