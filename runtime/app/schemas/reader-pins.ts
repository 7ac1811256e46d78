import { type AvroSchemas, diffSchemas, sameSchema } from '../../../schemas/index.ts';
import type { AvroType, SchemaCatalog } from '../../../topology/core/avro.ts';
import type { Problem } from '../../../topology/core/problem.ts';
import type { Graph } from '../../../topology/graph/graph.ts';
import { withoutDocs } from '../../../topology/plan/compare/schema-text.ts';
import { type PinnedReaders, type SchemaLock, versionWords } from '../../registry/lock-file.ts';
import type { FoundLock } from './lock.ts';
import { topologySubjects, type TopologySubject, touchedStages } from './topology-subjects.ts';

/** Code of a reader that is not the pinned one. */
export const otherReader = 'L003';

/** How a type is called in a lock and in messages. */
export function typeName(type: AvroType): string {
  return 'name' in type ? type.name : type.kind;
}

/** What a sound topology reads its subjects with. */
export function readersOf(graph: Graph, catalog: SchemaCatalog & AvroSchemas): PinnedReaders {
  const read = topologySubjects(graph.definition, catalog).filter(
    (subject) => touchedStages(graph, subject).readers.length > 0,
  );
  return new Map(
    read.map(({ subject, type, schema }) => [subject, new Map([[typeName(type), schema]])]),
  );
}

/** Readers of several topologies, with those that an older lock has of subjects which are of none of them. */
export function allReaders(
  topologies: readonly PinnedReaders[],
  older: SchemaLock | undefined,
  subjects: ReadonlySet<string>,
): PinnedReaders {
  const all = new Map<string, Map<string, string>>();
  const others = [...(older?.readers ?? [])].filter(([subject]) => !subjects.has(subject));
  for (const [subject, types] of [...others, ...topologies.flatMap((readers) => [...readers])]) {
    all.set(subject, new Map([...(all.get(subject) ?? []), ...types]));
  }
  return all;
}

/** A reader that is not the one of the lock: a warning, since every version was compared with it all the same. Docs do not count. */
export function changedReader(
  { lock, file }: FoundLock,
  { subject, type, schema, declared, part }: TopologySubject,
  stages: readonly string[],
): readonly Problem[] {
  const pinned = lock.readers?.get(subject);
  if (pinned === undefined) return [];
  const name = typeName(type);
  const own = pinned.get(name);
  const [[otherName, other] = []] = pinned;
  const before = own ?? other;
  if (before === undefined || sameSchema(withoutDocs(before), withoutDocs(schema))) return [];
  const changes = diffSchemas(before, schema).changes.filter(({ kind }) => kind !== 'doc-changed');
  const was = `${own === undefined ? otherName : name}, ${versionWords(lock, subject, before)}`;
  return [
    {
      code: otherReader,
      severity: 'warning',
      message: `the reader of "${subject}" is not the one that ${file} pins`,
      path: [declared.section, declared.name, part],
      suggestion: 'if it is meant to change, pin it anew with "millrace schemas pull"',
      notes: [
        ...changes.map(({ message }) => ({ message })),
        { message: `${stages.join(', ')} read with it; pinned is ${was}` },
      ],
    },
  ];
}
