import type { Plan, TopicPlan } from '../../topology/plan/plan.ts';
import type { Log, TopicInfo } from '../ports.ts';
import { hasRows } from './plans/undrained.ts';

/**
 * Where a topology file speaks of a topic's key (`partitions`, `cleanup`), or of the topic itself
 * (`topic`): `orders.yaml:7:12`; undefined where it does not.
 */
export type PlaceOfTopic = (
  topic: string,
  key: 'topic' | 'partitions' | 'cleanup',
) => string | undefined;

/** What topics are verified against, beside the plan. */
export interface TopicExpectations {
  readonly placeOf?: PlaceOfTopic;
  /**
   * Stores of the plan that ran last, by name: a changelog of one of them must be there, and one of a new store must not hold anything. Undefined: no plan is
   * known; then it is an error that a changelog is missing although positions are committed.
   */
  readonly ran?: ReadonlySet<string>;
  /** Repartition topics of the plan that ran last: one that is gone took along what was not read yet. @defaultValue none is known */
  readonly passed?: ReadonlySet<string>;
  /**
   * The log belongs to others, too: an input that the file only names is theirs, and a slip where it is
   * missing. One with `partitions` is the file's to create. @defaultValue false
   */
  readonly shared?: boolean;
  /** What `millrace reset` is given to work on this application, for messages. @defaultValue its name */
  readonly target?: string;
  /** Brokers of the cluster, for messages that name commands of Kafka. */
  readonly brokers?: readonly string[];
}

/** What keeps an application from running on the topics as they are. */
export interface TopicProblem {
  readonly code: 'TOPIC_MISSING' | 'CHANGELOG_MISSING' | 'CHANGELOG_LEFT' | 'TOPIC_MISMATCH';
  readonly topic: string;
  /** What is wrong and what to do, in words that follow the topic's name: `has 2 partitions, but …`. */
  readonly text: string;
}

/**
 * All that keeps a plan from running on a log (the check that only the log can make), hardest first. `existing` are those
 * of its topics that are there.
 */
export async function topicProblems(
  plan: Plan,
  log: Log,
  existing: ReadonlyMap<string, TopicInfo>,
  expectations: TopicExpectations,
): Promise<readonly TopicProblem[]> {
  const look = { plan, log, existing, ...expectations };
  return [
    ...(expectations.shared === true ? missingTopics(look) : []),
    ...(expectations.ran === undefined
      ? await lostChangelogs(look)
      : await otherChangelogs(look, expectations.ran)),
    ...lostOnTheWay(look),
    ...[...plan.topics.values()].flatMap((topic) => mismatches(look, topic)),
  ];
}

interface Look extends TopicExpectations {
  readonly plan: Plan;
  readonly log: Log;
  readonly existing: ReadonlyMap<string, TopicInfo>;
}

function missingTopics(look: Look): TopicProblem[] {
  const { plan, existing } = look;
  const read = new Set([
    ...plan.subTopologies.flatMap(({ sourceTopics }) => sourceTopics),
    ...plan.globalTables.flatMap(({ source }) => source.topics),
  ]);
  const missing = [...plan.topics.values()].filter(
    ({ name, partitions }) => read.has(name) && partitions === undefined && !existing.has(name),
  );
  return missing.map(({ name }) => {
    const place = look.placeOf?.(name, 'topic');
    const create = kafka(look, `kafka-topics --create --topic ${name} --partitions N`);
    return {
      code: 'TOPIC_MISSING',
      topic: name,
      text:
        `is not there${place === undefined ? '' : ` (${place})`}: correct its name, create it${create}, ` +
        'or write "partitions: N" for it to be created with so many',
    };
  });
}

function lostOnTheWay(look: Look): TopicProblem[] {
  const { plan, existing, passed } = look;
  const missing = [...plan.topics.values()].filter(
    ({ name }) => passed?.has(name) === true && !existing.has(name),
  );
  return missing.map(({ name, partitions = 'N' }) => {
    const create = kafka(
      look,
      `kafka-topics --create --topic ${name} --partitions ${partitions} --config retention.ms=-1`,
    );
    return {
      code: 'TOPIC_MISSING',
      topic: name,
      text:
        `is missing although application "${plan.application}" ran with it: what lay in it and was not read is lost; ` +
        `create it anew${create} to go on without that, or ${reset(look)} for its input to be read again`,
    };
  });
}

/** A changelog belongs to the state of a store: neither is there without the other. */
async function otherChangelogs(look: Look, ran: ReadonlySet<string>): Promise<TopicProblem[]> {
  const { plan, log, existing } = look;
  const found: TopicProblem[] = [];
  for (const { name, changelog, sourceBacked } of plan.stores.values()) {
    if (sourceBacked) continue;
    const info = existing.get(changelog);
    if (info === undefined && ran.has(name)) {
      found.push(changelogMissing(look, changelog, `had the store "${name}" when it ran last`));
    }
    if (info === undefined || ran.has(name)) continue;
    const partitions = Array.from({ length: info.partitions }, (_, partition) => ({
      topic: changelog,
      partition,
    }));
    if (!(await hasRows(log, plan.application, partitions))) continue;
    found.push({
      code: 'CHANGELOG_LEFT',
      topic: changelog,
      text:
        `is the changelog of store "${name}", which is new, but it holds rows that an earlier version of application "${plan.application}" left: ` +
        `they miss all that happened since. Delete it${deletion(look, changelog)}, give the store another name, or ${reset(look)}`,
    });
  }
  return found;
}

async function lostChangelogs(look: Look): Promise<TopicProblem[]> {
  const { plan, log, existing } = look;
  const missing = [...plan.topics.values()].filter(
    (topic) => topic.role === 'changelog' && !existing.has(topic.name),
  );
  const found: TopicProblem[] = [];
  for (const { sourceTopics, stores } of plan.subTopologies) {
    const needs = missing.filter((topic) =>
      stores.some((store) => plan.stores.get(store)?.changelog === topic.name),
    );
    if (needs.length === 0) continue;
    const partitions = sourceTopics.flatMap((topic) =>
      Array.from({ length: existing.get(topic)?.partitions ?? 0 }, (_, partition) => ({
        topic,
        partition,
      })),
    );
    const committed = await log.committed(plan.application, partitions);
    if (committed.length === 0) continue;
    found.push(...needs.map(({ name }) => changelogMissing(look, name, 'has committed positions')));
  }
  return found;
}

function changelogMissing(look: Look, topic: string, why: string): TopicProblem {
  return {
    code: 'CHANGELOG_MISSING',
    topic,
    text:
      `is a changelog, and is missing although application "${look.plan.application}" ${why}: ` +
      `going on would start with empty stores; bring it back, or ${reset(look)} for its input to be read again`,
  };
}

function mismatches(look: Look, topic: TopicPlan): TopicProblem[] {
  const info = look.existing.get(topic.name);
  if (info === undefined) return [];
  const { application } = look.plan;
  const at = (key: 'partitions' | 'cleanup'): string => {
    const place = look.placeOf?.(topic.name, key);
    return place === undefined ? '' : ` (${place})`;
  };
  const compact = kafka(
    look,
    `kafka-configs --alter --entity-type topics --entity-name ${topic.name} --add-config cleanup.policy=compact`,
  );
  const problems: string[] = [];
  // A call log outlives a reset, and serves however many partitions it has.
  const counts = topic.partitions !== undefined && topic.role !== 'call-log';
  if (counts && topic.partitions !== info.partitions) {
    const has = `has ${info.partitions} ${info.partitions === 1 ? 'partition' : 'partitions'}`;
    problems.push(
      `${has}, but the topology needs ${topic.partitions}${at('partitions')}: ` +
        (topic.internal
          ? `it belongs to another version of this topology; ${reset(look)}`
          : `write "partitions: ${info.partitions}", or delete it${deletion(look, topic.name)} for it to be created anew`),
    );
  }
  if (topic.cleanup === 'compact' && info.cleanup !== 'compact') {
    const kept = topic.internal
      ? `but application "${application}" keeps a store in it`
      : `but the topology reads it as a table${at('cleanup')}`;
    problems.push(
      `has the clean-up policy "${info.cleanup}", ${kept}, which needs "compact": rows would be lost; ` +
        `set cleanup.policy=compact${compact}${topic.internal ? ', or delete it if it is empty' : ', or read it as a stream'}`,
    );
  }
  if (topic.role === 'call-log' && info.cleanup === 'compact') {
    const keep = kafka(
      look,
      `kafka-configs --alter --entity-type topics --entity-name ${topic.name} --add-config cleanup.policy=delete`,
    );
    problems.push(
      `is compacted, but application "${application}" keeps what became of its calls in it: ` +
        `some of that would be lost; set cleanup.policy=delete${keep}`,
    );
  } else if (topic.cleanup !== 'compact' && info.cleanup === 'compact' && topic.role !== 'table') {
    problems.push(
      `is compacted, but the topology reads it as a stream${at('cleanup')}: records would be lost; write "cleanup: compact" if that is meant`,
    );
  }
  return problems.map((text) => ({ code: 'TOPIC_MISMATCH', topic: topic.name, text }));
}

function reset({ plan, target }: Look): string {
  return `reset the application ("millrace reset ${target ?? plan.application}")`;
}

function deletion(look: Look, topic: string): string {
  return kafka(look, `kafka-topics --delete --topic ${topic}`);
}

/** A command of Kafka's tools, in brackets; empty where the log is not Kafka. */
function kafka({ brokers }: Look, command: string): string {
  if (brokers === undefined) return '';
  const [tool, ...rest] = command.split(' ');
  return ` ("${[tool, '--bootstrap-server', brokers.join(','), ...rest].join(' ')}")`;
}
