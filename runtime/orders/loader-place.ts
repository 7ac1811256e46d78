import { ConfigError } from '../../topology/core/errors.ts';
import { noHeaders } from '../../topology/core/record.ts';
import { RecordBatchBuilder } from '../codec/batch-builder.ts';
import type { Append, Log } from '../ports.ts';
import type { FilePlace } from './container-file.ts';
import { TopicReader } from './topic-reader.ts';

/** The compacted topic that says how far each input file is loaded; also the loader's group. */
export const loaderTopic = 'orders-loader';

/** How far one input file is loaded. Written in the transaction that carries what it counts. */
export interface LoaderPlace {
  /** Seed of the opening stock: the one of the first start, so that a later start goes on by the same rule. */
  readonly seed: number;
  /** Opening deliveries that are sent. */
  readonly deliveries: number;
  /** True when all of them are. */
  readonly stocked: boolean;
  /** Baskets that are sent. */
  readonly baskets: number;
  readonly place: FilePlace;
}

/**
 * The stored place of the file with this identity; undefined if nothing of it is loaded.
 * @throws {ConfigError} LOADER_PLACE when the stored place is none
 */
export async function readPlace(log: Log, identity: string): Promise<LoaderPlace | undefined> {
  let text: string | undefined;
  await new TopicReader(log, loaderTopic).read((record) => {
    if (record.key()?.toString('utf8') === identity) text = record.value()?.toString('utf8');
  });
  if (text === undefined) return undefined;
  const place = JSON.parse(text) as LoaderPlace;
  if (!Number.isSafeInteger(place.place.block)) {
    const message = `topic ${loaderTopic} holds "${text}", which is no place in a file: was it written by another program?`;
    throw new ConfigError('LOADER_PLACE', message);
  }
  return place;
}

/** The append that stores a place. */
export function placeAppend(identity: string, place: LoaderPlace, timeMs: number): Append {
  const builder = new RecordBatchBuilder();
  const value = Buffer.from(JSON.stringify(place));
  builder.appendPair(timeMs, Buffer.from(identity), value, noHeaders);
  return { topic: loaderTopic, partition: 0, batch: builder.finish(), records: 1 };
}
