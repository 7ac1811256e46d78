import type { WireReader } from '../protocol/wire-reader.ts';
import type { WireType } from '../protocol/types.ts';
import { string } from '../protocol/types.ts';
import { compareTasks, splitTask } from './assignor/task-order.ts';
import type { WireWriter } from '../protocol/wire-writer.ts';

/** Ids of tasks, short: each sub-topology once, then the gaps between its partitions. Written, and read, in task order. */
export const taskIds: WireType<readonly string[]> = {
  write(writer, ids, form) {
    const groups = grouped(ids);
    writer.unsignedVarint(groups.length);
    for (const [prefix, partitions] of groups) {
      string.write(writer, prefix, form);
      writer.unsignedVarint(partitions.length);
      let last = 0;
      for (const partition of partitions) {
        writer.unsignedVarint(partition - last);
        last = partition;
      }
    }
  },
  read(reader, form) {
    const ids: string[] = [];
    for (let left = reader.unsignedVarint(); left > 0; left--) {
      const prefix = string.read(reader, form);
      const count = reader.unsignedVarint();
      if (count === 0) ids.push(prefix);
      let last = 0;
      for (let i = 0; i < count; i++) {
        last += reader.unsignedVarint();
        ids.push(`${prefix}${last}`);
      }
    }
    return ids;
  },
};

/** Task id → a count of up to 2^53. */
export const taskCounts: WireType<ReadonlyMap<string, number>> = {
  write(writer, counts, form) {
    const ids = [...counts.keys()].sort(compareTasks);
    taskIds.write(writer, ids, form);
    for (const id of ids) writeCount(writer, counts.get(id) ?? 0);
  },
  read(reader, form) {
    const ids = taskIds.read(reader, form);
    return new Map(ids.map((id) => [id, readCount(reader)]));
  },
};

const low = 2 ** 26;

function writeCount(writer: WireWriter, count: number): void {
  writer.unsignedVarint(count % low);
  writer.unsignedVarint(Math.floor(count / low));
}

function readCount(reader: WireReader): number {
  const rest = reader.unsignedVarint();
  return reader.unsignedVarint() * low + rest;
}

/** What stands before the partition → partitions, ascending; an id that has no partition by itself. */
function grouped(ids: readonly string[]): (readonly [prefix: string, partitions: number[]])[] {
  const groups: (readonly [string, number[]])[] = [];
  let open: readonly [string, number[]] | undefined;
  for (const id of ids.toSorted(compareTasks)) {
    const [prefix, partition] = splitTask(id);
    if (partition === undefined) open = undefined;
    if (open === undefined || open[0] !== prefix) {
      open = [prefix, []];
      groups.push(open);
    }
    if (partition === undefined) open = undefined;
    else open[1].push(partition);
  }
  return groups;
}
