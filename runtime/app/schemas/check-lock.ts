import {
  type AvroSchemas,
  canRead,
  checkCompatibility,
  type CompatibilityCheck,
  diffSchemas,
  parseSchema,
  type ReadVerdict,
  sameSchema,
  type SchemaVersion,
} from '../../../schemas/index.ts';
import type { SchemaCatalog } from '../../../topology/core/avro.ts';
import type { Problem, ProblemNote } from '../../../topology/core/problem.ts';
import type { Graph } from '../../../topology/graph/graph.ts';
import type { LockedSubject } from '../../registry/lock-file.ts';
import type { FoundLock } from './lock.ts';
import { changedReader, typeName } from './reader-pins.ts';
import { topologySubjects, type TopologySubject, touchedStages } from './topology-subjects.ts';

/** What a lock says of a topology. */
export interface LockFindings {
  readonly problems: readonly Problem[];
  /** What is worth knowing and no problem, a sentence each. */
  readonly notices: readonly string[];
}

/**
 * Compares the schemas of a sound topology with those of a lock: every stage must be able to read what every version of its input wrote, and should do it with the
 * schema that the lock pins; what a stage writes must be allowed by the mode of the subject.
 */
export function checkLock(
  graph: Graph,
  catalog: SchemaCatalog & AvroSchemas,
  found: FoundLock,
): LockFindings {
  const problems: Problem[] = [];
  const notices: string[] = [];
  const unpinned: string[] = [];
  for (const subject of topologySubjects(graph.definition, catalog)) {
    const { readers } = touchedStages(graph, subject);
    if (readers.length > 0) {
      problems.push(...changedReader(found, subject, readers));
      if (isUnpinned(found, subject)) unpinned.push(subject.subject);
    }
    const locked = found.lock.subjects.get(subject.subject);
    if (locked === undefined) continue;
    const one = new SubjectCheck(graph, subject, { ...found, locked });
    const own = [...one.unreadable(), ...one.refused()];
    problems.push(...own);
    if (own.length === 0) notices.push(...one.notices());
  }
  if (unpinned.length > 0) {
    notices.push(
      `${found.file} pins no reader of ${unpinned.join(', ')}: "millrace schemas pull" does`,
    );
  }
  return { problems, notices };
}

function isUnpinned({ lock }: FoundLock, { subject }: TopologySubject): boolean {
  return lock.readers?.has(subject) !== true;
}

class SubjectCheck {
  private readonly subject: TopologySubject;
  private readonly locked: LockedSubject;
  private readonly file: string;
  private readonly versions: readonly SchemaVersion[];
  private readonly readers: readonly string[];
  private readonly writers: readonly string[];

  constructor(
    graph: Graph,
    subject: TopologySubject,
    { lock, file, locked }: FoundLock & { readonly locked: LockedSubject },
  ) {
    const { readers, writers } = touchedStages(graph, subject);
    this.subject = subject;
    this.locked = locked;
    this.file = file;
    this.readers = readers;
    this.writers = writers;
    this.versions = locked.versions.map(({ version, id }) => ({
      version,
      schema: lock.schemas.get(id) as string,
    }));
  }

  /** Versions whose records the stages that read them could not read. */
  unreadable(): readonly Problem[] {
    if (this.readers.length === 0) return [];
    const { schema, subject, declared } = this.subject;
    const reader = parseSchema(schema);
    return this.versions.flatMap(({ version, schema: text }): Problem[] => {
      const verdict = canRead(reader, parseSchema(text));
      if (verdict.readable) return [];
      return [
        {
          code: 'L001',
          severity: 'error',
          message: `${this.typeName} cannot read what version ${version} of "${subject}" wrote`,
          path: [declared.section, declared.name, this.subject.part],
          suggestion: `mend the schema, or give the field a default`,
          notes: [
            ...notesOf(verdict),
            {
              message: `${this.readers.join(', ')} read it; the versions are those of ${this.file}`,
            },
          ],
        },
      ];
    });
  }

  /** The schema of a sink that the mode of its subject does not allow. */
  refused(): readonly Problem[] {
    const { schema, subject, declared, part } = this.subject;
    if (this.writers.length === 0) return [];
    if (this.versions.some((present) => sameSchema(present.schema, schema))) return [];
    const { mode } = this.locked;
    const { checks } = checkCompatibility(mode, schema, this.versions);
    const against = checks.filter(({ verdict }) => !verdict.readable);
    if (against.length === 0) return [];
    return [
      {
        code: 'L002',
        severity: 'error',
        message: `${mode} of "${subject}" does not allow ${this.typeName} as its next version`,
        path: [declared.section, declared.name, part],
        suggestion: 'change the schema so that it goes with the older versions',
        notes: [
          ...against.flatMap(directionNotes),
          { message: `${this.writers.join(', ')} write it; the mode is that of ${this.file}` },
        ],
      },
    ];
  }

  /** Fields and symbols that the last version and the schema at hand do not have in common, and who reads them. */
  notices(): readonly string[] {
    const last = this.versions.at(-1);
    if (last === undefined || this.readers.length === 0) return [];
    const { subject, schema } = this.subject;
    const stages = this.readers.join(', ');
    const version = `version ${last.version} of "${subject}"`;
    return diffSchemas(last.schema, schema).changes.flatMap(({ kind, path }) => {
      switch (kind) {
        case 'field-added':
          return [
            `field "${path}" of ${this.typeName} is not in ${version} yet: ${stages} get its default`,
          ];
        case 'field-removed':
          return [
            `${version} has the field "${path}", which ${this.typeName} here does not have: ${stages} do not see it`,
          ];
        case 'symbols-removed':
          return [
            `${version} has symbols of the enum "${path}" that ${this.typeName} here does not have: ${stages} get its default for them`,
          ];
        default:
          return [];
      }
    });
  }

  private get typeName(): string {
    return typeName(this.subject.type);
  }
}

function notesOf({ differences }: ReadVerdict): readonly ProblemNote[] {
  return differences
    .filter(({ effect }) => effect !== 'changes')
    .map(({ path, message }) => ({ message: path === '' ? message : `${path}: ${message}` }));
}

function directionNotes({ version, direction, verdict }: CompatibilityCheck): ProblemNote[] {
  const who =
    direction === 'backward'
      ? `it cannot read what version ${version} wrote`
      : `version ${version} cannot read what it writes`;
  return notesOf(verdict).map(({ message }) => ({ message: `${who}: ${message}` }));
}
