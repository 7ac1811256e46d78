/** Names that an author declares: stages, streams, stores, outputs, calls. */
export const namePattern = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

/** Names of topics: what Kafka allows. */
export const topicPattern = /^[A-Za-z0-9._-]{1,249}$/;

/** `<application>-<store>-changelog`, as in Kafka Streams. */
export function changelogTopic(application: string, store: string): string {
  return `${application}-${store}-changelog`;
}

/** `<application>-<name>-repartition`, as in Kafka Streams. */
export function repartitionTopic(application: string, name: string): string {
  return `${application}-${name}-repartition`;
}

const controlSuffix = '-control';

/** The compacted topic that holds times, positions and outcome counters of each task (invariant E5). */
export function controlTopic(application: string): string {
  return `${application}${controlSuffix}`;
}

/** True if the topic is called like an application's {@link controlTopic}. */
export function isControlTopic(topic: string): boolean {
  return topic.endsWith(controlSuffix);
}

/** What became of each request of a call stage: `<application>-<stage>-calls`. */
export function callLogTopic(application: string, stage: string): string {
  return `${application}-${stage}-calls`;
}

const resolutionsSuffix = '-call-resolutions';

/** What people decided about calls of an application: `<application>-call-resolutions`. */
export function resolutionsTopic(application: string): string {
  return `${application}${resolutionsSuffix}`;
}

/** The topic of records that fail, where the topology names none. */
export function deadLetterTopic(application: string): string {
  return `${application}-dead-letters`;
}

/** Which dead letters of an application were sent on: `<application>-redriven`. */
export function redrivenTopic(application: string): string {
  return `${application}-redriven`;
}

/** What the stores of {@link parkedStore} end in; no other store does, where keys are parked. */
export const parkedSuffix = '-parked';

/**
 * The store of keys that have a dead letter, and of the records that wait behind it:
 * `<subTopology>-parked`.
 */
export function parkedStore(subTopology: string): string {
  return `${subTopology}${parkedSuffix}`;
}

/** True for the changelog of a {@link parkedStore}, whatever its sub-topology. */
export function isParkedChangelog(application: string, topic: string): boolean {
  return topic.startsWith(`${application}-`) && topic.endsWith(`${parkedSuffix}-changelog`);
}

/** `<subTopology>_<partition>`. */
export function taskId(subTopology: string, partition: number): string {
  return `${subTopology}_${partition}`;
}

/** `fan-out` → `fanOut`: the export that a kebab-case name stands for. */
export function camelCase(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_, c: string) => c.toUpperCase());
}
