import {
  changelogTopic,
  controlTopic,
  isParkedChangelog,
  repartitionTopic,
  topicPattern,
} from '../core/names.ts';
import type { DefinitionPath } from '../core/problem.ts';
import type { CheckContext } from './context.ts';
import { report } from './context.ts';
import { inputName, namedStores, readSources } from './derived-names.ts';
import { parksKeys, policiesOf } from './error-policies.ts';
import type { Graph } from './graph.ts';

/**
 * Problems with topics: names, the same topic declared in two ways or read twice, names that
 * Millrace uses itself.
 */
export function checkTopics(context: CheckContext, graph: Graph): void {
  const read = readSources(graph);
  const isInternal = internalTopics(graph);
  const first = new Map<string, { name: string; path: DefinitionPath }>();
  for (const source of graph.sources.values()) {
    const section = source.kind === 'stream' ? 'streams' : 'tables';
    source.def.topics.forEach((topic, i) => {
      const path = [section, source.name, 'topics', i];
      if (!topicPattern.test(topic)) {
        const message = `"${topic}" is no topic name: up to 249 letters, digits, ".", "_", "-"`;
        report(context, 'E056', path, message);
        return;
      }
      if (isInternal(topic)) {
        report(
          context,
          'E075',
          path,
          `topic "${topic}" belongs to Millrace itself: choose another`,
        );
        return;
      }
      const other = first.get(topic);
      if (other === undefined) {
        first.set(topic, { name: source.name, path });
        return;
      }
      const message = topicConflict(graph, read, topic, other.name, source.name);
      if (message === undefined) return;
      const notes = [{ message: `"${other.name}" is declared here`, path: other.path }];
      report(context, 'E075', path, message, { notes });
    });
    if (source.def.topics.length === 0) {
      report(context, 'E077', [section, source.name], `"${source.name}" has no topic`);
    }
    if (source.kind !== 'stream' && source.def.topics.length > 1) {
      const message =
        `table "${source.name}" has ${source.def.topics.length} topics: their rows would ` +
        'overwrite each other';
      report(context, 'E075', [section, source.name, 'topics'], message);
    }
  }
  checkDeadLetters(context, graph, { declared: first, isInternal });
}

/**
 * Dead letters are raw bytes: in a topic of records they would not decode, and each would be
 * followed by another for ever.
 */
function checkDeadLetters(
  context: CheckContext,
  graph: Graph,
  topics: {
    readonly declared: ReadonlyMap<
      string,
      { readonly name: string; readonly path: DefinitionPath }
    >;
    readonly isInternal: (topic: string) => boolean;
  },
): void {
  for (const { policy, path: policyPath } of policiesOf(graph.definition)) {
    if (!('deadLetter' in policy)) continue;
    const topic = policy.deadLetter;
    const path = policyPath && [...policyPath, 'deadLetter'];
    if (path !== undefined && topics.isInternal(topic)) {
      const message = `topic "${topic}" belongs to Millrace itself: choose another`;
      report(context, 'E075', path, message);
    }
    const owner = topics.declared.get(topic);
    if (owner === undefined) continue;
    if (graph.sources.get(owner.name)?.def.format === 'bytes') continue;
    const message = `dead letters are raw bytes: topic "${topic}" holds the records of "${owner.name}"`;
    report(context, 'E075', path ?? owner.path, message, {
      suggestion: 'choose another topic',
      ...(path && { notes: [{ message: `"${owner.name}" is declared here`, path: owner.path }] }),
    });
  }
}

function topicConflict(
  graph: Graph,
  read: ReadonlySet<string>,
  topic: string,
  a: string,
  b: string,
): string | undefined {
  if (a === b) return `topic "${topic}" is named twice`;
  const one = graph.sources.get(a);
  const two = graph.sources.get(b);
  if (one === undefined || two === undefined) return undefined;
  const differing = [
    one.def.key === two.def.key ? '' : 'key types',
    one.def.value === two.def.value ? '' : 'value types',
    (one.def.format ?? 'avro') === (two.def.format ?? 'avro') ? '' : 'formats',
    one.def.subject === two.def.subject && one.def.keySubject === two.def.keySubject
      ? ''
      : 'subjects',
    one.def.partitions === two.def.partitions ? '' : 'partition counts',
  ].filter((text) => text !== '');
  if (differing.length > 0) {
    return `"${a}" and "${b}" declare topic "${topic}" with different ${differing.join(' and ')}`;
  }
  if (read.has(a) && read.has(b)) {
    return (
      `topic "${topic}" is read as "${a}" and as "${b}": an application has one position in a ` +
      'topic, so read one of them'
    );
  }
  return undefined;
}

/** Tells the topics that the runtime makes for the application, whatever its sub-topologies. */
function internalTopics(graph: Graph): (topic: string) => boolean {
  const { application } = graph.definition;
  const topics = new Set([controlTopic(application)]);
  for (const { name } of namedStores(graph)) topics.add(changelogTopic(application, name));
  for (const stage of graph.stages.values()) {
    for (const input of stage.inputs) {
      topics.add(repartitionTopic(application, inputName(stage.name, input.name)));
    }
  }
  const parks = parksKeys(graph.definition);
  return (topic) => topics.has(topic) || (parks && isParkedChangelog(application, topic));
}
