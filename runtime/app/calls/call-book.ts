import { SerdeError } from '../../../topology/core/errors.ts';
import { callLogTopic } from '../../../topology/core/names.ts';
import type { Plan, StageNode } from '../../../topology/plan/plan.ts';
import { plan } from '../../../topology/plan/planner.ts';
import { callId } from '../../calls/call-id.ts';
import type { CallLogEntry } from '../../calls/call-log.ts';
import type { JournaledIntent } from '../../calls/intent-codec.ts';
import { readTo } from '../../engine/changelog-reader.ts';
import { intentCodec } from '../../engine/intent-codecs.ts';
import { SchemaCache } from '../../engine/schema-cache.ts';
import { Serdes } from '../../engine/serdes.ts';
import type { Log, Position } from '../../ports.ts';
import { journalSequence, journalStore } from '../../task/call-journals.ts';
import { systemClock } from '../system-clock.ts';
import type { ToolLog } from '../tool-log.ts';
import { checkedGraph, type TopologySource } from '../topology-source.ts';

/** A call that has not ended, as its journal says in the log. */
export interface BookedCall {
  /** `stage/partition/number`. */
  readonly id: string;
  readonly node: StageNode;
  readonly intent: JournaledIntent;
}

/**
 * The calls of an application, read from the log: what was committed, whether it runs or not.
 */
export class CallBook {
  readonly plan: Plan;
  private readonly log: Log;
  private readonly serdes: Serdes;

  /** @throws {TopologyError} when the file has problems */
  constructor(topology: TopologySource, { log, registry }: Pick<ToolLog, 'log' | 'registry'>) {
    this.plan = plan(checkedGraph(topology));
    this.log = log;
    const cache = new SchemaCache(registry, systemClock);
    this.serdes = new Serdes(topology.catalog, cache, () => false);
  }

  /** Its call stages, in order of names. */
  get stages(): readonly StageNode[] {
    return this.plan.subTopologies
      .flatMap(({ nodes }) => nodes)
      .filter((node) => node.kind === 'stage')
      .filter((node) => node.operator.kind === 'call')
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /**
   * Calls that have not ended, by stage, partition and number.
   * @throws {SerdeError} when a journal cannot be read with the schemas at hand
   */
  async open(): Promise<readonly BookedCall[]> {
    const found: BookedCall[] = [];
    for (const node of this.stages) {
      const topic = this.plan.stores.get(journalStore(node.name))?.changelog ?? '';
      const codec = await intentCodec(this.plan, node, this.serdes, 'read');
      for (const partition of await this.partitions(topic)) {
        const rows = await this.rows(partition);
        for (const [sequence, row] of [...rows].sort(([a], [b]) => a - b)) {
          const id = callId(node.name, partition.partition, sequence);
          found.push({ id, node, intent: decoded(id, () => codec.decode(row)) });
        }
      }
    }
    return found;
  }

  /** What the call logs say of ended calls that `wanted` takes, in order of their end. */
  async ended(wanted: (entry: CallLogEntry) => boolean): Promise<readonly CallLogEntry[]> {
    const found: CallLogEntry[] = [];
    for (const node of this.stages) {
      for (const from of await this.partitions(callLogTopic(this.plan.application, node.name))) {
        await this.read(from, (value) => {
          const entry = JSON.parse(String(value)) as CallLogEntry;
          if (wanted(entry)) found.push(entry);
        });
      }
    }
    return found.sort((a, b) => (a.ended < b.ended ? -1 : 1));
  }

  /**
   * The intent of a row of a stage's journal; undefined: the topology has no such call stage.
   * @throws {SerdeError} when it cannot be read with the schemas at hand
   */
  async intent(stage: string, row: Buffer): Promise<JournaledIntent | undefined> {
    const node = this.stages.find(({ name }) => name === stage);
    if (node === undefined) return undefined;
    return (await intentCodec(this.plan, node, this.serdes, 'read')).decode(row);
  }

  private async rows(from: Position): Promise<ReadonlyMap<number, Buffer>> {
    const rows = new Map<number, Buffer>();
    await this.read(from, (value, key) => {
      if (key === null) return;
      const sequence = journalSequence(key);
      if (value === null) rows.delete(sequence);
      else rows.set(sequence, value);
    });
    return rows;
  }

  private async read(
    from: Position,
    take: (value: Buffer | null, key: Buffer | null) => void,
  ): Promise<void> {
    const [ends] = await this.log.ends([from], 'committed');
    await readTo(this.log, from, ends?.end ?? 0, (records) => {
      for (const { key, value } of records) take(value, key);
    });
  }

  /** Partitions of a topic with their beginnings; none where it is not there yet. */
  private async partitions(topic: string): Promise<readonly Position[]> {
    const info = await this.log.admin.describe(topic);
    const all = Array.from({ length: info?.partitions ?? 0 }, (_, partition) => ({
      topic,
      partition,
    }));
    const ends = await this.log.ends(all, 'committed');
    return ends.map(({ partition, start }) => ({ topic, partition, offset: start }));
  }
}

function decoded(id: string, decode: () => JournaledIntent): JournaledIntent {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof SerdeError)) throw error;
    const { code, message } = error;
    throw new SerdeError(code, `call ${id} cannot be read: ${message}`, { cause: error });
  }
}
