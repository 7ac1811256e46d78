import { changelogTopic, controlTopic, repartitionTopic, topicPattern } from '../core/names.ts';
import type { DefinitionPath } from '../core/problem.ts';
import type { CheckContext } from './context.ts';
import { report } from './context.ts';
import { inputName, internalStoreOf, readSources, tableStoreOf } from './derived-names.ts';
import type { Graph } from './graph.ts';

/**
 * Problems with topics: names, the same topic declared in two ways or read twice, names that
 * Millrace uses itself.
 */
export function checkTopics(context: CheckContext, graph: Graph): void {
  const read = readSources(graph);
  const internal = internalTopics(graph);
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
      if (internal.has(topic)) {
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

function internalTopics(graph: Graph): ReadonlySet<string> {
  const { application } = graph.definition;
  const topics = new Set([controlTopic(application)]);
  for (const store of graph.stores.keys()) topics.add(changelogTopic(application, store));
  for (const source of graph.sources.values()) {
    if (source.store !== undefined) topics.add(changelogTopic(application, source.store));
  }
  for (const stage of graph.stages.values()) {
    const store = internalStoreOf(stage) ?? tableStoreOf(stage);
    if (store !== undefined) topics.add(changelogTopic(application, store));
    for (const input of stage.inputs) {
      topics.add(repartitionTopic(application, inputName(stage.name, input.name)));
    }
  }
  return topics;
}
