import {
  changelogTopic,
  controlTopic,
  deadLetterTopic,
  repartitionTopic,
  topicPattern,
} from '../core/names.ts';
import type { DefinitionPath } from '../core/problem.ts';
import type { ErrorPolicyDef } from '../definition/definition.ts';
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
  checkDeadLetters(context, graph, { declared: first, internal });
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
    readonly internal: ReadonlySet<string>;
  },
): void {
  const { application, errors, stages } = graph.definition;
  const check = (policy: ErrorPolicyDef, policyPath?: DefinitionPath): void => {
    if (!('deadLetter' in policy)) return;
    const topic = policy.deadLetter;
    const path = policyPath && [...policyPath, 'deadLetter'];
    if (path !== undefined && topics.internal.has(topic)) {
      const message = `topic "${topic}" belongs to Millrace itself: choose another`;
      report(context, 'E075', path, message);
    }
    const owner = topics.declared.get(topic);
    if (owner === undefined) return;
    if (graph.sources.get(owner.name)?.def.format === 'bytes') return;
    const message = `dead letters are raw bytes: topic "${topic}" holds the records of "${owner.name}"`;
    report(context, 'E075', path ?? owner.path, message, {
      suggestion: 'choose another topic',
      ...(path && { notes: [{ message: `"${owner.name}" is declared here`, path: owner.path }] }),
    });
  };
  if (errors?.default === undefined) check({ deadLetter: deadLetterTopic(application) });
  else check(errors.default, ['errors', 'default']);
  for (const [name, stage] of Object.entries(stages)) {
    if (stage.errors !== undefined) check(stage.errors, ['stages', name, 'errors']);
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
