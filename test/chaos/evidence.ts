import { isRefusedRow } from '../../runtime/task/refused-rows.ts';
import { decodeControl, isPlanKey } from '../../runtime/task/task-control.ts';
import type { TaskControl } from '../../runtime/task/task-control.ts';
import { TopicReader } from '../../runtime/orders/topic-reader.ts';
import type { Log, SchemaRegistry, StateBackend } from '../../runtime/ports.ts';
import { rowKeep, rowPrefixBytes, rowTime } from '../../runtime/state/row-format.ts';
import type { Plan } from '../../topology/plan/plan.ts';
import { WireDecoder } from './wire.ts';

/** One record of the log, as it lies there. */
export interface LoggedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly time: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** A row of a store on disk, or of the fold of its changelog. */
export interface Row {
  readonly value: Buffer;
  readonly time: number;
  readonly keep: boolean;
}

/** Key bytes, hexadecimal → row. */
export type Rows = ReadonlyMap<string, Row>;

/** One line of the trace topic: a record that a task took. */
export interface Taken {
  readonly task: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** One line of the provider's ledger, as written. */
export interface Charge {
  readonly key: string;
  readonly state: string;
  readonly orderId: string;
  readonly cents: number;
}

/** All that a run has left behind: what the verifier looks at, and nothing else. */
export interface Evidence {
  readonly plan: Plan;
  /** Topic → partition → its records by offset. */
  readonly topics: ReadonlyMap<string, readonly (readonly LoggedRecord[])[]>;
  /** Topic → partition → committed position of the application. */
  readonly positions: ReadonlyMap<string, ReadonlyMap<number, number>>;
  /** Topic → partition → end offset, where markers of transactions have offsets, too. @defaultValue the offset after the last record */
  readonly ends?: ReadonlyMap<string, ReadonlyMap<number, number>>;
  /** What the tasks took, in order of commit. */
  readonly trace: readonly Taken[];
  /** Task → its last control record. */
  readonly controls: ReadonlyMap<string, TaskControl>;
  /** `store/partition` → rows on disk. */
  readonly stores: ReadonlyMap<string, Rows>;
  readonly ledger: readonly Charge[];
  readonly decode: (bytes: Buffer | null) => unknown;
}

/** Where {@link gatherEvidence} looks. */
export interface Sources {
  readonly plan: Plan;
  readonly log: Log;
  readonly registry: SchemaRegistry;
  readonly state: StateBackend;
  readonly ledger: readonly Charge[];
}

/** Name of the trace topic of every run here. */
export const traceTopic = 'trace';

/** Reads everything. Nothing else may be at work on the log or the state. */
export async function gatherEvidence(sources: Sources): Promise<Evidence> {
  const { plan, log, registry, state, ledger } = sources;
  const decoder = new WireDecoder(registry);
  const topics = new Map<string, LoggedRecord[][]>();
  for (const { name, partitions } of await log.admin.list()) {
    topics.set(name, await readTopic(log, name, partitions, decoder));
  }
  const stores = new Map<string, Rows>();
  for (const { name, changelog } of plan.stores.values()) {
    for (const partition of topics.get(changelog)?.keys() ?? []) {
      stores.set(`${name}/${partition}`, await diskRows(state, name, partition, decoder));
    }
  }
  return {
    plan,
    topics,
    stores,
    ledger,
    positions: await committedPositions(log, plan, topics),
    trace: (topics.get(traceTopic) ?? []).flat().map(takenOf),
    controls: controlsOf(topics.get(`${plan.application}-control`) ?? []),
    decode: (bytes) => decoder.decode(bytes),
  };
}

/** All records of a topic, by partition and offset. */
export async function readTopic(
  log: Log,
  topic: string,
  partitions: number,
  decoder?: WireDecoder,
): Promise<LoggedRecord[][]> {
  const records = Array.from({ length: partitions }, (): LoggedRecord[] => []);
  await new TopicReader(log, topic).read((reader, partition) => {
    const record = {
      topic,
      partition,
      offset: reader.offset,
      time: reader.timestamp,
      key: copied(reader.key()),
      value: copied(reader.value()),
      headers: reader
        .headers()
        .map(
          ([name, value]) => [name, value === null ? '' : Buffer.from(value).toString()] as const,
        ),
    };
    records[partition]?.push(record);
    return prepare(decoder, record);
  });
  return records;
}

/** Rows of a store on disk. */
export async function diskRows(
  state: StateBackend,
  store: string,
  partition: number,
  decoder?: WireDecoder,
): Promise<Rows> {
  const rows = new Map<string, Row>();
  for (const [key, row] of state.open(store, partition).range(undefined, undefined)) {
    const value = Buffer.from(row.subarray(rowPrefixBytes));
    rows.set(key.toString('hex'), { value, time: rowTime(row), keep: rowKeep(row) });
    await decoder?.prepare(Buffer.from(key));
    await decoder?.prepare(value);
  }
  return rows;
}

/** Fetches the schemas of what may be key and value. */
export function prepare(
  decoder: WireDecoder | undefined,
  { key, value }: LoggedRecord,
): Promise<void> | undefined {
  const forKey = decoder?.prepare(key);
  const forValue = decoder?.prepare(value);
  return forKey === undefined ? forValue : forKey.then(() => forValue);
}

async function committedPositions(
  log: Log,
  plan: Plan,
  topics: Evidence['topics'],
): Promise<Evidence['positions']> {
  const wanted = plan.subTopologies
    .flatMap(({ sourceTopics }) => sourceTopics)
    .flatMap((topic) =>
      [...(topics.get(topic) ?? []).keys()].map((partition) => ({ topic, partition })),
    );
  const positions = new Map<string, Map<number, number>>();
  for (const { topic, partition, offset } of await log.committed(plan.application, wanted)) {
    const known = positions.get(topic) ?? new Map<number, number>();
    positions.set(topic, known.set(partition, offset));
  }
  return positions;
}

/** What a record of the trace topic says. */
export function takenOf({ key, value }: LoggedRecord): Taken {
  const { topic, partition, offset } = JSON.parse(String(value)) as Omit<Taken, 'task'>;
  return { task: String(key), topic, partition, offset };
}

/** Task → its last control record. */
export function controlsOf(
  partitions: readonly (readonly LoggedRecord[])[],
): Map<string, TaskControl> {
  const controls = new Map<string, TaskControl>();
  for (const { key, value } of partitions.flat()) {
    if (key === null || isRefusedRow(key)) continue;
    if (value === null || key === null || isPlanKey(key)) continue;
    controls.set(String(key), decodeControl(value));
  }
  return controls;
}

function copied(bytes: Buffer | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes);
}
