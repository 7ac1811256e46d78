import type { Plan } from '../../../topology/plan/plan.ts';
import { readTo } from '../../engine/changelog-reader.ts';
import type { Log, Position } from '../../ports.ts';
import type { DeadLetter } from './letter.ts';

/** Ids of letters of table topics after whose record the topic has another one of the same key: sending them on would take the row back. */
export async function outdatedLetters(
  log: Log,
  { topics }: Pick<Plan, 'topics'>,
  letters: readonly DeadLetter[],
): Promise<ReadonlySet<string>> {
  const outdated = new Set<string>();
  const byPartition = new Map<string, { from: Position; letters: DeadLetter[] }>();
  for (const letter of letters) {
    const { source } = letter;
    if (source === undefined || topics.get(source.topic)?.role !== 'table') continue;
    const id = `${source.topic}/${source.partition}`;
    const there = byPartition.get(id) ?? { from: source, letters: [] };
    const from = source.offset < there.from.offset ? source : there.from;
    byPartition.set(id, { from, letters: [...there.letters, letter] });
  }
  for (const { from, letters: inPartition } of byPartition.values()) {
    const last = await lastOffsets(log, from);
    for (const letter of inPartition) {
      const latest = last.get(letter.key?.toString('hex') ?? 'null') ?? 0;
      if (latest > (letter.source?.offset ?? 0)) outdated.add(letter.id);
    }
  }
  return outdated;
}

/** Key in hexadecimal → offset of its last record. */
async function lastOffsets(log: Log, from: Position): Promise<ReadonlyMap<string, number>> {
  const last = new Map<string, number>();
  if ((await log.admin.describe(from.topic)) === undefined) return last;
  const [ends] = await log.ends([from], 'committed');
  const offset = Math.max(from.offset, ends?.start ?? 0);
  await readTo(log, { ...from, offset }, ends?.end ?? 0, (records) => {
    for (const { key, offset: at } of records) last.set(key?.toString('hex') ?? 'null', at);
  });
  return last;
}
