import type { Plan } from '../../../topology/plan/plan.ts';
import { readTo, type ReadRecord } from '../../engine/changelog-reader.ts';
import type { Log, Position } from '../../ports.ts';
import {
  decodeHeld,
  decodeParkedKey,
  type ParkedKey,
  parkedKeyId,
  parkedRow,
} from '../../task/parking/parked-rows.ts';
import type { DeadLetter } from './letter.ts';

/** How many records wait behind the one that parks a key. */
export function waitingBehind({ head, first, next }: ParkedKey): number {
  return next - Math.max(first, head + 1);
}

/** Sub-topology → changelog of its parked store, of those that have one. */
export function parkedChangelogs({ subTopologies, stores }: Plan): ReadonlyMap<string, string> {
  return new Map(
    subTopologies.flatMap(({ id, parking }) => {
      const changelog = parking && stores.get(parking.store)?.changelog;
      return changelog === undefined ? [] : [[id, changelog]];
    }),
  );
}

/** Rows of one partition of a parked store. */
interface ParkedRows {
  /** Offset of the next record of the changelog. */
  offset: number;
  /** By {@link parkedKeyId}. */
  readonly keys: Map<string, ParkedKey>;
  /** By the same, and sequence number: where held records came from. */
  readonly held: Map<string, Map<number, Position>>;
}

/** Which keys of an application are parked, read from the changelogs of its tasks: what was committed, whether it runs or not. */
export class ParkedBook {
  private readonly log: Log;
  private readonly places: boolean;
  private readonly changelogs: ReadonlyMap<string, string>;
  /** By task. */
  private readonly rows = new Map<string, ParkedRows>();

  /** `changelogs` by sub-topology. `places`: keeps where the records that wait came from, too. */
  constructor(
    changelogs: ReadonlyMap<string, string>,
    log: Log,
    { places }: { readonly places: boolean },
  ) {
    this.changelogs = changelogs;
    this.log = log;
    this.places = places;
  }

  /** Reads on to the end. With a transaction that is pending, `uncommitted` waits for its end; `committed` does without it. */
  async read(isolation: 'committed' | 'uncommitted'): Promise<void> {
    for (const [subTopology, topic] of this.changelogs) {
      const info = await this.log.admin.describe(topic);
      const all = Array.from({ length: info?.partitions ?? 0 }, (_, partition) => ({
        topic,
        partition,
      }));
      if (all.length === 0) continue;
      for (const { partition, start, end } of await this.log.ends(all, isolation)) {
        await this.readTask(`${subTopology}_${partition}`, { topic, partition, start, end });
      }
    }
  }

  /** A letter's key as it is parked in the letter's task; undefined: it is not. */
  of({ task, key }: Pick<DeadLetter, 'task' | 'key'>): ParkedKey | undefined {
    return key === null ? undefined : this.rows.get(task)?.keys.get(parkedKeyId(key));
  }

  /** The first so many of the records that wait behind the one that parks a letter's key: where they came from. */
  first({ task, key }: Pick<DeadLetter, 'task' | 'key'>, most: number): readonly Position[] {
    if (key === null) return [];
    const id = parkedKeyId(key);
    const head = this.rows.get(task)?.keys.get(id)?.head;
    const held = [...(this.rows.get(task)?.held.get(id) ?? [])];
    return held
      .filter(([sequence]) => sequence !== head)
      .sort(([a], [b]) => a - b)
      .slice(0, most)
      .map(([, place]) => place);
  }

  /** All that is parked: keys, and records behind those that park them. */
  get totals(): { readonly keys: number; readonly waiting: number } {
    const all = [...this.rows.values()].flatMap(({ keys }) => [...keys.values()]);
    return { keys: all.length, waiting: all.reduce((sum, key) => sum + waitingBehind(key), 0) };
  }

  private async readTask(
    task: string,
    changelog: {
      readonly topic: string;
      readonly partition: number;
      readonly start: number;
      readonly end: number;
    },
  ): Promise<void> {
    const { topic, partition, start, end } = changelog;
    let rows = this.rows.get(task);
    if (rows === undefined) {
      rows = { offset: start, keys: new Map(), held: new Map() };
      this.rows.set(task, rows);
    }
    const offset = Math.max(rows.offset, start);
    const taking = rows;
    await readTo(this.log, { topic, partition, offset }, end, (records, position) => {
      for (const record of records) this.take(record, taking);
      taking.offset = position;
    });
  }

  private take({ key, value }: ReadRecord, rows: ParkedRows): void {
    const row = key === null ? undefined : parkedRow(key);
    if (row?.kind === 'key') {
      if (value === null) rows.keys.delete(row.id);
      else rows.keys.set(row.id, decodeParkedKey(value));
    }
    if (row?.kind !== 'held' || !this.places) return;
    const held = rows.held.get(row.id) ?? new Map<number, Position>();
    rows.held.set(row.id, held);
    if (value === null) held.delete(row.sequence);
    else held.set(row.sequence, placeOf(value));
  }
}

function placeOf(value: Buffer): Position {
  const { topic, partition, offset } = decodeHeld(value);
  return { topic, partition, offset };
}
