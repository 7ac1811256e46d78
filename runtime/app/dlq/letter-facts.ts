import { partitionId } from '../../../topology/core/topic-partition.ts';
import type { Log } from '../../ports.ts';
import type { ParkedKey } from '../../task/parking/parked-rows.ts';
import type { DeadLetter } from './letter.ts';
import type { LetterBook } from './letter-book.ts';
import { ParkedBook, parkedChangelogs } from './parked-book.ts';
import { parks } from './redrive-plan.ts';

/** What says {@link ParkedKey} of a letter: its key as it is parked in its task. To be read after the letters, for a letter and its key's row are one transaction. */
export async function readParkedKeys(
  log: Log,
  { plan }: LetterBook,
): Promise<(letter: DeadLetter) => ParkedKey | undefined> {
  const parked = new ParkedBook(parkedChangelogs(plan), log, { places: false });
  await parked.read('uncommitted');
  return (letter) => parked.of(letter);
}

/** Partitions of the topics that letters came from and of all changelogs, by name of the topic; those that are not there left out. */
export async function partitionCounts(
  log: Log,
  { plan }: LetterBook,
  letters: readonly DeadLetter[],
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  const changelogs = [...plan.stores.values()].map(({ changelog }) => changelog);
  const sources = letters.flatMap(({ source }) => (source === undefined ? [] : [source.topic]));
  for (const name of new Set([...sources, ...changelogs])) {
    const info = await log.admin.describe(name);
    if (info !== undefined) counts.set(name, info.partitions);
  }
  return counts;
}

/**
 * Of letters whose key was parked with them and is no longer, the ids of those whose record the application has yet to read: it is in its topic still, and no position
 * is past it.
 */
export async function lettersToBeRead(
  log: Log,
  { plan }: LetterBook,
  about: {
    readonly letters: readonly DeadLetter[];
    readonly parkedKey: (letter: DeadLetter) => ParkedKey | undefined;
    readonly counts: ReadonlyMap<string, number>;
  },
): Promise<ReadonlySet<string>> {
  const { letters, parkedKey, counts } = about;
  const asked = letters.flatMap((letter) => {
    const { source, parked } = letter;
    if (source === undefined || parked === undefined || parks(letter, parkedKey(letter))) return [];
    return source.partition < (counts.get(source.topic) ?? 0) ? [{ letter, source }] : [];
  });
  if (asked.length === 0) return new Set();
  const partitions = [
    ...new Map(asked.map(({ source }) => [partitionId(source.topic, source.partition), source])),
  ].map(([, { topic, partition }]) => ({ topic, partition }));
  const next = new Map<string, number>();
  for (const { topic, partition, start } of await log.ends(partitions, 'committed')) {
    next.set(partitionId(topic, partition), start);
  }
  for (const { topic, partition, offset } of await log.committed(plan.application, partitions)) {
    const id = partitionId(topic, partition);
    next.set(id, Math.max(offset, next.get(id) ?? 0));
  }
  const toBeRead = asked.filter(
    ({ source }) =>
      source.offset >= (next.get(partitionId(source.topic, source.partition)) ?? Infinity),
  );
  return new Set(toBeRead.map(({ letter }) => letter.id));
}
