import type { SchemaCatalog } from '../../../topology/core/avro.ts';
import type { AvroSchemas } from '../../../schemas/index.ts';
import type { Graph } from '../../../topology/graph/graph.ts';
import type { Difference } from '../../../topology/plan/compare/difference.ts';
import { type Manifest, manifestOf } from '../../../topology/plan/compare/manifest.ts';
import type { Plan } from '../../../topology/plan/plan.ts';
import { plan } from '../../../topology/plan/planner.ts';
import type { GroupOptions, Log } from '../../ports.ts';
import { verifyTopics } from '../ensure-topics.ts';
import type { TopicExpectations } from '../topic-problems.ts';
import { functionHashes } from '../function-hashes.ts';
import { usedFunctions } from '../processors.ts';
import { placeOfTopic, type TopologySource } from '../topology-source.ts';
import { PlanGate } from './plan-gate.ts';
import { type PlanHistory, PlanRecords } from './plan-records.ts';
import { planRefused, reviewPlan } from './review.ts';

/** A topology planned for the log that it is to run on, with what is known of the plan that ran there before. */
export interface PlannedOnLog {
  readonly plan: Plan;
  readonly manifest: Manifest;
  readonly history: PlanHistory;
}

/** What {@link planOnLog} plans. */
export type PlanSource = Pick<TopologySource, 'processors'> & {
  readonly catalog: SchemaCatalog & AvroSchemas;
};

/** Plans a topology with the partition counts of a log, and with the names of the tasks that ran there. */
export async function planOnLog(
  source: PlanSource,
  graph: Graph,
  log: Log,
  records: PlanRecords,
): Promise<PlannedOnLog> {
  const topics = await log.admin.list();
  const counts = new Map(topics.map(({ name, partitions }) => [name, partitions]));
  const history = await records.read('committed');
  const previous = history.current?.manifest.subTopologies;
  const made = plan(graph, {
    partitionsOf: (topic) => counts.get(topic),
    ...(previous === undefined ? {} : { previous }),
  });
  const manifest = manifestOf(made, {
    schemaOf: (type) => source.catalog.canonicalSchema(type),
    functions: functionHashes(usedFunctions(graph.definition), source.processors),
  });
  return { plan: made, manifest, history };
}

/** What an application needs to start by its plan. */
export interface PlannedApplication {
  readonly plan: Plan;
  /** Names of the stores of the plan that ran last; undefined: none is known. */
  readonly ran: ReadonlySet<string> | undefined;
  /** What changes of what ran, and is gone on with. */
  readonly applied: readonly Difference[];
  /** What the group is told of it. */
  readonly group: Pick<GroupOptions, 'plan' | 'admit' | 'tasksOf' | 'announce'>;
  /** To be called when the control topic is there, before the group is joined: where others are in it, they must know the plan. */
  announce(): Promise<void>;
  /** To be called as the owner, before anything is processed. */
  settle(): Promise<void>;
}

/** Where an application runs, as far as its plan is concerned. */
export interface PlanPlace {
  /** The log belongs to others, too. */
  readonly shared: boolean;
  /** Brokers of the cluster; undefined: it is the embedded log. */
  readonly brokers?: readonly string[];
  /** Options that commands need to find it, for messages: `--data D`. */
  readonly commandOptions: readonly string[];
}

/** What the topics of a planned topology are verified against, by `run` and by `plan` alike. */
export function topicExpectations(
  topology: TopologySource,
  { history }: Pick<PlannedOnLog, 'history'>,
  place: PlanPlace,
): TopicExpectations & { readonly target: string } {
  const ran = storesThatRan(history);
  const { shared, brokers, commandOptions } = place;
  return {
    placeOf: placeOfTopic(topology),
    shared,
    ...(brokers === undefined ? {} : { brokers }),
    ...(ran === undefined ? {} : { ran }),
    passed: repartitionTopics(history),
    target: [topology.file, ...commandOptions].map(shellWord).join(' '),
  };
}

/**
 * Plans a topology, and compares it with the plan that ran last (design.md 8).
 * @throws {ConfigError} PLAN_REFUSED for an edit that is not `rolling`, or `drain` with nothing left to drain; what {@link verifyTopics} throws
 */
export async function planApplication(
  topology: TopologySource,
  graph: Graph,
  place: PlanPlace & { readonly log: Log; readonly slot: string },
): Promise<PlannedApplication> {
  const { log, slot, shared } = place;
  const { application } = graph.definition;
  const records = new PlanRecords(log, application, slot);
  const planned = await planOnLog(topology, graph, log, records);
  const { manifest, history } = planned;
  const expectations = topicExpectations(topology, planned, place);
  await verifyTopics(planned.plan, log, expectations);
  let applied: readonly Difference[] = [];
  if (history.current !== undefined) {
    const { differences, blocking } = await reviewPlan(log, history.current.manifest, manifest);
    if (blocking.length > 0) throw planRefused(application, blocking, expectations.target);
    applied = differences;
  }
  const gate = new PlanGate(records, manifest);
  const isCurrent = history.current?.digest === gate.digest;
  const admit = async (): Promise<void> => {
    if (isCurrent) return;
    await records.add(manifest);
    if (!shared) await gate.admit([gate.digest]);
  };
  return {
    plan: planned.plan,
    ran: expectations.ran,
    applied,
    group: {
      plan: gate.digest,
      admit: (plans) => gate.admit(plans),
      tasksOf: (digest) => gate.tasksOf(digest),
      announce: () => gate.announce(),
    },
    announce: shared ? admit : async () => {},
    settle: shared ? async () => {} : admit,
  };
}

/** A word of a command line that can be copied into a shell. */
function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Stores of all plans that are remembered: members of more than one may be running. */
function storesThatRan({ current, plans }: PlanHistory): ReadonlySet<string> | undefined {
  if (current === undefined) return undefined;
  return new Set([...plans.values()].flatMap(({ manifest }) => Object.keys(manifest.stores)));
}

function repartitionTopics({ current }: PlanHistory): ReadonlySet<string> {
  const topics = Object.entries(current?.manifest.topics ?? {});
  return new Set(topics.flatMap(([name, { role }]) => (role === 'repartition' ? [name] : [])));
}
