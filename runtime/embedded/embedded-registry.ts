import { createHash } from 'node:crypto';
import type { RegisteredSchema, SchemaReference, SubjectVersion } from '../ports.ts';
import { StoredRegistry } from '../registry/stored-registry.ts';
import {
  changed,
  lastVersion,
  noSubject,
  schemaIdentity,
  type SubjectChange,
  type SubjectState,
  withVersion,
} from '../registry/subject-state.ts';
import { addToCounter } from './counters.ts';
import type { Durability } from './durability.ts';
import { storedJson } from './environment.ts';
import type { Environment } from './environment.ts';
import { kindRange, namedKey, nameOf, referencesKey, schemaKey } from './keys.ts';

/** As a subject is stored: [version, id] and, where it is soft-deleted, a 1. One that has no mode of its own is the list of versions alone. */
type StoredVersion = readonly [version: number, id: number, deleted?: 1];
type StoredSubject =
  | readonly StoredVersion[]
  | {
      readonly versions: readonly StoredVersion[];
      readonly mode: NonNullable<SubjectState['mode']>;
    };

/** Ids are 32 bits in keys; whoever asks may name any number. */
const maxId = 0xffff_ffff;

/**
 * A schema registry inside the embedded log, with the semantics of Confluent's: a schema has one id
 * in all subjects, ids count from 1, and a subject has versions. Ids are unique over all processes.
 * Writes throw {@link StorageError} LOG_FULL and LOG_IO.
 */
export class EmbeddedRegistry extends StoredRegistry {
  private readonly environment: Environment;
  private readonly durability: Durability;

  constructor(environment: Environment, durability: Durability) {
    super();
    this.environment = environment;
    this.durability = durability;
  }

  async registered(id: number): Promise<RegisteredSchema | undefined> {
    if (id < 0 || id > maxId) return undefined;
    this.environment.refresh();
    const schema = this.environment.get(schemaKey(id))?.toString();
    if (schema === undefined) return undefined;
    const bytes = this.environment.get(referencesKey(id));
    const references = bytes === undefined ? [] : storedJson(this.environment.path, bytes);
    return { schema, references: references as readonly SchemaReference[] };
  }

  protected async find(schema: RegisteredSchema): Promise<number | undefined> {
    return this.environment.get(textKey(schema))?.readUInt32BE(0);
  }

  protected async add(
    subject: string,
    schema: RegisteredSchema,
    last: number | undefined,
  ): Promise<number | undefined> {
    const added = this.environment.write(() => {
      const state = this.read(subject);
      if (last !== undefined && last !== lastVersion(state)) return undefined;
      const id = this.idFor(schema);
      this.put(subject, withVersion(state, id));
      return id;
    });
    await this.durability.settle();
    return added;
  }

  protected async change(subject: string, change: SubjectChange): Promise<void> {
    this.environment.write(() => this.put(subject, changed(this.read(subject), change)));
    await this.durability.settle();
  }

  protected async subject(name: string): Promise<SubjectState> {
    this.environment.refresh();
    return this.read(name);
  }

  protected async names(): Promise<readonly string[]> {
    this.environment.refresh();
    return Array.from(this.environment.keys(...kindRange('subject')), nameOf);
  }

  private idFor(schema: RegisteredSchema): number {
    const key = textKey(schema);
    const known = this.environment.get(key);
    if (known !== undefined) return known.readUInt32BE(0);
    const id = addToCounter(this.environment, 'schema-id', 1);
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeUInt32BE(id, 0);
    this.environment.put(key, bytes);
    this.environment.put(schemaKey(id), Buffer.from(schema.schema));
    if (schema.references.length > 0) {
      this.environment.put(referencesKey(id), Buffer.from(JSON.stringify(schema.references)));
    }
    return id;
  }

  private read(subject: string): SubjectState {
    const bytes = this.environment.get(namedKey('subject', subject));
    if (bytes === undefined) return noSubject;
    const stored = storedJson(this.environment.path, bytes) as StoredSubject;
    if (!('mode' in stored)) return { versions: stored.map(versionOf) };
    return { versions: stored.versions.map(versionOf), mode: stored.mode };
  }

  private put(subject: string, { versions, mode }: SubjectState): void {
    const list = versions.map(({ version, id, deleted }): StoredVersion =>
      deleted ? [version, id, 1] : [version, id],
    );
    const stored: StoredSubject = mode === undefined ? list : { versions: list, mode };
    this.environment.put(namedKey('subject', subject), Buffer.from(JSON.stringify(stored)));
  }
}

function versionOf([version, id, deleted]: StoredVersion): SubjectVersion {
  return { version, id, deleted: deleted === 1 };
}

function textKey(schema: RegisteredSchema): Buffer {
  const digest = createHash('sha256').update(schemaIdentity(schema)).digest('hex');
  return namedKey('schemaText', digest);
}
