import { isParkedChangelog } from '../../../topology/core/names.ts';
import { partitionId, type TopicPartition } from '../../../topology/core/topic-partition.ts';
import type { Difference } from '../../../topology/plan/compare/difference.ts';
import { readTo } from '../../engine/changelog-reader.ts';
import type { Log, Position } from '../../ports.ts';
import { decodeTotals, totalsKey } from '../../task/parking/parked-rows.ts';

/**
 * The topics that must be read to their end before these differences may be gone on with, and are
 * not: repartition topics and inputs with records that the application has not taken, changelogs (of
 * call journals) with rows. `group` is the application.
 */
export async function undrained(
  log: Log,
  group: string,
  differences: readonly Difference[],
): Promise<ReadonlySet<string>> {
  const topics = new Set(differences.flatMap(({ drains }) => drains ?? []));
  const full = new Set<string>();
  for (const topic of topics) if (await holdsMore(log, group, topic)) full.add(topic);
  return full;
}

async function holdsMore(log: Log, group: string, topic: string): Promise<boolean> {
  const info = await log.admin.describe(topic);
  if (info === undefined) return false;
  const partitions = Array.from({ length: info.partitions }, (_, partition) => ({
    topic,
    partition,
  }));
  if (info.cleanup === 'compact') return hasRows(log, group, partitions);
  const ends = await log.ends(partitions, 'committed');
  const positions = await log.committed(group, partitions);
  const taken = new Map(positions.map((at) => [partitionId(at.topic, at.partition), at.offset]));
  for (const { partition, start, end } of ends) {
    const offset = Math.max(start, taken.get(partitionId(topic, partition)) ?? start);
    if (await hasRecords(log, { topic, partition, offset }, end)) return true;
  }
  return false;
}

/** Offsets do not tell: markers take some, too. */
async function hasRecords(log: Log, from: Position, end: number): Promise<boolean> {
  const found = new AbortController();
  await readTo(
    log,
    from,
    end,
    (records) => {
      if (records.length > 0) found.abort();
    },
    found.signal,
  );
  return found.signal.aborted;
}

/** True when a compacted topic holds a row that is not deleted. What a task counted of keys that were parked, when none is any more, is none. */
export async function hasRows(
  log: Log,
  application: string,
  partitions: readonly TopicPartition[],
): Promise<boolean> {
  for (const { start, end, ...at } of await log.ends(partitions, 'committed')) {
    const parks = isParkedChangelog(application, at.topic);
    const rows = new Set<string>();
    const from = { topic: at.topic, partition: at.partition, offset: start };
    await readTo(log, from, end, (records) => {
      for (const { key, value } of records) {
        const id = key?.toString('latin1') ?? '';
        if (value === null || (parks && isNothingParked(key, value))) rows.delete(id);
        else rows.add(id);
      }
    });
    if (rows.size > 0) return true;
  }
  return false;
}

/** A user's store may be called like one of parked records, where nothing parks. */
function isNothingParked(key: Buffer | null, value: Buffer): boolean {
  if (key === null || !totalsKey.equals(key)) return false;
  try {
    return decodeTotals(value).keys === 0;
  } catch {
    return false;
  }
}
