import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { slotFolders, slotsOf } from '../../../runtime/app/slots.ts';
import { idOf, schemaTopic } from '../../../runtime/app/topic-registry.ts';
import { LmdbStateBackend } from '../../../runtime/state/lmdb-backend.ts';
import type { Plan } from '../../../topology/plan/plan.ts';
import { controlsOf, diskRows, prepare, takenOf, traceTopic } from '../evidence.ts';
import type { Charge, Evidence, LoggedRecord, Rows } from '../evidence.ts';
import { WireDecoder } from '../wire.ts';
import { endOffsets, groupOffsets } from './java-tools.ts';
import type { Offsets } from './java-tools.ts';
import { readWithJava } from './record-lines.ts';
import type { JavaReading, TopicRecords } from './record-lines.ts';

/** A store's partition on the disk of a member. */
export interface StoreCopy {
  /** Slot of the member, with its folder. */
  readonly member: string;
  /** `store/partition` */
  readonly place: string;
  /** Changelog offset up to which it is applied. */
  readonly position: number;
  readonly rows: Rows;
}

/** What a run on Kafka left behind. */
export interface KafkaEvidence extends Evidence {
  readonly copies: readonly StoreCopy[];
}

/** Where {@link gatherFromKafka} looks. */
export interface KafkaSources {
  readonly plan: Plan;
  readonly brokers: readonly string[];
  /** Data folders of all members there were. */
  readonly folders: readonly string[];
  readonly ledger: readonly Charge[];
  /** @defaultValue read_committed */
  readonly isolation?: JavaReading['isolation'];
  /** The console consumer ends when nothing came for so long, ms. */
  readonly quietMs: number;
}

/** Reads topics and positions with Kafka's own tools, and the stores of members that are gone. */
export async function gatherFromKafka(sources: KafkaSources): Promise<KafkaEvidence> {
  const { plan, brokers, folders, ledger, quietMs, isolation = 'read_committed' } = sources;
  const read = await readWithJava({ brokers, topics: '.*', isolation, quietMs });
  const ends = await endOffsets(brokers);
  const positions = await groupOffsets(brokers, plan.application);
  const decoder = new WireDecoder(registryOf(read.get(schemaTopic)?.flat() ?? []));
  const copies: StoreCopy[] = [];
  for (const folder of folders) copies.push(...(await copiesIn(folder, plan, decoder)));
  return evidenceOf(
    { plan, topics: withEmptyOnes(read, ends), ends, positions, copies, ledger },
    decoder,
  );
}

/** Puts together what the checks look at. */
export async function evidenceOf(
  parts: Pick<KafkaEvidence, 'plan' | 'topics' | 'positions' | 'copies' | 'ledger'> & {
    readonly ends: Offsets;
  },
  decoder: WireDecoder,
): Promise<KafkaEvidence> {
  const { plan, topics, copies } = parts;
  for (const record of [...topics.values()].flat(2)) await prepare(decoder, record);
  return {
    ...parts,
    stores: newest(copies),
    trace: (topics.get(traceTopic) ?? []).flat().map(takenOf),
    controls: controlsOf(topics.get(`${plan.application}-control`) ?? []),
    decode: (bytes) => decoder.decode(bytes),
  };
}

/** Of each store's partition the copy that is furthest: its last owner has gone in order. */
function newest(copies: readonly StoreCopy[]): ReadonlyMap<string, Rows> {
  const best = new Map<string, StoreCopy>();
  for (const copy of copies) {
    if (copy.position > (best.get(copy.place)?.position ?? -1)) best.set(copy.place, copy);
  }
  return new Map([...best].map(([place, { rows }]) => [place, rows]));
}

/** The console consumer says nothing of topics and partitions without records. */
function withEmptyOnes(read: TopicRecords, ends: Offsets): TopicRecords {
  const topics = new Map(read);
  for (const [topic, partitions] of ends) {
    const known = read.get(topic) ?? [];
    topics.set(
      topic,
      Array.from({ length: partitions.size }, (_, i) => known[i] ?? []),
    );
  }
  return topics;
}

/** As `runtime/app/topic-registry.ts` has it: ids follow from the schemas. */
function registryOf(records: readonly LoggedRecord[]): {
  schema(id: number): Promise<string | undefined>;
} {
  const texts = records.map(
    ({ value }) => (JSON.parse(String(value)) as { readonly schema: string }).schema,
  );
  const byId = new Map(texts.map((text) => [idOf(text), text]));
  return { schema: (id) => Promise.resolve(byId.get(id)) };
}

async function copiesIn(data: string, plan: Plan, decoder: WireDecoder): Promise<StoreCopy[]> {
  const copies: StoreCopy[] = [];
  for (const slot of slotsOf(data, plan.application)) {
    const folder = join(slotFolders(data).state, slot);
    if (!existsSync(join(folder, 'data.mdb'))) continue;
    const state = LmdbStateBackend.openFolder(folder);
    try {
      for (const { store, partition } of state.tables()) {
        const position = state.open(store, partition).position();
        if (position === undefined) continue;
        const rows = await diskRows(state, store, partition, decoder);
        copies.push({ member: folder, place: `${store}/${partition}`, position, rows });
      }
    } finally {
      await state.close();
    }
  }
  return copies;
}
