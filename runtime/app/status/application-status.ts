import { controlTopic } from '../../../topology/core/names.ts';
import type { Manifest } from '../../../topology/plan/compare/manifest.ts';
import { readTo } from '../../engine/changelog-reader.ts';
import type { Log } from '../../ports.ts';
import { isRefusedRow } from '../../task/refused-rows.ts';
import { decodeControl, isPlanKey, type TaskControl } from '../../task/task-control.ts';
import { ParkedBook } from '../dlq/parked-book.ts';
import { PlanRecords } from '../plans/plan-records.ts';

/** How far an application is behind in a topic. */
export interface TopicLag {
  readonly topic: string;
  /** Offsets between the committed positions and the ends, all partitions together. */
  readonly lag: number;
}

/** What the log knows of an application, whether it runs or not: all of its members, since its beginning. */
export interface LoggedStatus {
  /** Of the topics that it reads, those in between included; empty where it never ran. */
  readonly lag: readonly TopicLag[];
  /** Records that it took, and those of them that went to the dead letters. */
  readonly records: number;
  readonly deadLettered: number;
  /** Keys that are parked, and records that wait behind those that park them. */
  readonly parkedKeys: number;
  readonly waiting: number;
}

const nothing = { records: 0, deadLettered: 0, parkedKeys: 0, waiting: 0 };

/** Reads positions, ends and committed counters of an application. */
export async function loggedStatus(log: Log, application: string): Promise<LoggedStatus> {
  const history = await new PlanRecords(log, application, 'status').read('committed');
  const manifest = history.current?.manifest;
  if (manifest === undefined) return { lag: [], ...nothing };
  const lag = await lagOf(log, application, topicsOf(manifest));
  const counts = await countsOf(log, application, manifest);
  return { lag, ...counts, ...(await parkedIn(log, manifest)) };
}

async function parkedIn(
  log: Log,
  { subTopologies, stores }: Manifest,
): Promise<Pick<LoggedStatus, 'parkedKeys' | 'waiting'>> {
  const changelogs = Object.entries(subTopologies).flatMap(([id, { parking }]) => {
    const changelog = parking && stores[parking.store]?.changelog;
    return changelog === undefined ? [] : [[id, changelog] as const];
  });
  const parked = new ParkedBook(new Map(changelogs), log, { places: false });
  await parked.read('committed');
  const { keys, waiting } = parked.totals;
  return { parkedKeys: keys, waiting };
}

function topicsOf({ subTopologies }: Manifest): readonly string[] {
  const topics = Object.values(subTopologies).flatMap(({ sourceTopics }) => sourceTopics);
  return [...new Set(topics)].sort();
}

async function lagOf(
  log: Log,
  application: string,
  topics: readonly string[],
): Promise<readonly TopicLag[]> {
  const lags: TopicLag[] = [];
  for (const topic of topics) {
    const info = await log.admin.describe(topic);
    const all = Array.from({ length: info?.partitions ?? 0 }, (_, partition) => ({
      topic,
      partition,
    }));
    const positions = await log.committed(application, all);
    const ends = await log.ends(all, 'committed');
    const lag = ends.reduce((sum, { partition, start, end }) => {
      const at = positions.find((it) => it.partition === partition)?.offset ?? start;
      return sum + Math.max(0, end - Math.max(at, start));
    }, 0);
    lags.push({ topic, lag });
  }
  return lags;
}

/** Counters of all tasks, as of their last commits (E5). */
async function countsOf(
  log: Log,
  application: string,
  { nodes }: Manifest,
): Promise<Pick<LoggedStatus, 'records' | 'deadLettered'>> {
  let records = 0;
  let deadLettered = 0;
  for (const { outcomes } of await readControls(log, controlTopic(application))) {
    for (const [node, counts] of Object.entries(outcomes)) {
      if (nodes[node]?.kind === 'source') records += counts.in ?? 0;
      deadLettered += counts.deadLettered ?? 0;
    }
  }
  return { records, deadLettered };
}

async function readControls(log: Log, topic: string): Promise<readonly TaskControl[]> {
  const info = await log.admin.describe(topic);
  const controls = new Map<string, TaskControl>();
  for (let partition = 0; partition < (info?.partitions ?? 0); partition++) {
    const [ends] = await log.ends([{ topic, partition }], 'committed');
    const from = { topic, partition, offset: ends?.start ?? 0 };
    await readTo(log, from, ends?.end ?? 0, (records) => {
      for (const { key, value } of records) {
        if (key === null || isPlanKey(key) || isRefusedRow(key)) continue;
        if (value === null) controls.delete(key.toString());
        else controls.set(key.toString(), decodeControl(value));
      }
    });
  }
  return [...controls.values()];
}
