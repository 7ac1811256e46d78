import { createHash } from 'node:crypto';
import { noHeaders } from '../../topology/core/record.ts';
import { RecordBatchBuilder } from '../codec/batch-builder.ts';
import { readTo } from '../engine/changelog-reader.ts';
import { OneAtATime } from '../one-at-a-time.ts';
import type { Log, RegisteredSchema, SchemaReference } from '../ports.ts';
import { StoredRegistry } from '../registry/stored-registry.ts';
import {
  changed,
  lastVersion,
  liveVersions,
  noSubject,
  schemaIdentity,
  type SubjectChange,
  type SubjectState,
  withVersion,
} from '../registry/subject-state.ts';
import { appendOnce } from './append-once.ts';

/** The topic of all schemas of a cluster. */
export const schemaTopic = '_millrace-schemas';

/** What a record of the topic says of a subject: a version, or a change. */
type Stored = StoredVersion | StoredChange;

interface StoredVersion {
  readonly version: 1;
  readonly subject: string;
  readonly schema: string;
  /** @defaultValue none */
  readonly references?: readonly SchemaReference[];
  /** It counts only where this is the number of the last version. @defaultValue it counts */
  readonly last?: number;
}

interface StoredChange {
  readonly version: 1;
  readonly subject: string;
  readonly change: SubjectChange;
}

/**
 * A schema registry in a topic of the log, for members that share nothing else. Whoever registers
 * appends, and an append that came twice changes nothing. Ids follow from the schemas, so all readers come
 * to the same ones without asking anybody; and where the topic was lost, a schema that is registered
 * again has the id that records bear, and none has the id of another. The topic keeps everything: the
 * order says which of two schemas had an id first that both would have.
 */
export class TopicRegistry extends StoredRegistry {
  private readonly log: Log;
  private readonly client: string;
  private readonly ids = new Map<string, number>();
  private readonly schemas = new Map<number, RegisteredSchema>();
  private readonly bySubject = new Map<string, SubjectState>();
  private position = 0;
  private created = false;
  /** Appends and reads of this process. */
  private readonly queue = new OneAtATime();

  /** `client` names this process's producer, as in {@link appendOnce}. */
  constructor(log: Log, client: string) {
    super();
    this.log = log;
    this.client = client;
  }

  registered(id: number): Promise<RegisteredSchema | undefined> {
    return this.queue.run(async () => {
      if (!this.schemas.has(id)) await this.refresh();
      return this.schemas.get(id);
    });
  }

  protected async find(schema: RegisteredSchema): Promise<number | undefined> {
    return this.ids.get(schemaIdentity(schema));
  }

  protected add(
    subject: string,
    { schema, references }: RegisteredSchema,
    last: number | undefined,
  ): Promise<number | undefined> {
    const stored: StoredVersion = {
      version: 1,
      subject,
      schema,
      ...(references.length === 0 ? {} : { references }),
      ...(last === undefined ? {} : { last }),
    };
    return this.queue.run(async () => {
      await this.append(stored);
      await this.refresh();
      const id = this.ids.get(schemaIdentity({ schema, references }));
      const state = this.bySubject.get(subject) ?? noSubject;
      return liveVersions(state).some((present) => present.id === id) ? id : undefined;
    });
  }

  protected change(subject: string, change: SubjectChange): Promise<void> {
    return this.queue.run(async () => {
      await this.append({ version: 1, subject, change });
      await this.refresh();
    });
  }

  protected subject(name: string): Promise<SubjectState> {
    return this.queue.run(async () => {
      await this.refresh();
      return this.bySubject.get(name) ?? noSubject;
    });
  }

  protected names(): Promise<readonly string[]> {
    return this.queue.run(async () => {
      await this.refresh();
      return [...this.bySubject.keys()];
    });
  }

  private async append(stored: Stored): Promise<void> {
    await this.createTopic();
    const builder = new RecordBatchBuilder();
    const bytes = Buffer.from(JSON.stringify(stored));
    builder.appendPair(0, Buffer.from(stored.subject), bytes, noHeaders);
    const batch = builder.finish();
    await appendOnce(this.log, this.client, {
      topic: schemaTopic,
      partition: 0,
      records: 1,
      batch,
    });
  }

  /** Reads on to the end, what others have under way included. */
  private async refresh(): Promise<void> {
    this.created ||= (await this.log.admin.describe(schemaTopic)) !== undefined;
    if (!this.created) return;
    const at = { topic: schemaTopic, partition: 0 };
    const [ends] = await this.log.ends([at], 'uncommitted');
    const from = { ...at, offset: Math.max(this.position, ends?.start ?? 0) };
    await readTo(this.log, from, ends?.end ?? 0, (records, position) => {
      for (const { value } of records) if (value !== null) this.take(value);
      this.position = position;
    });
  }

  private take(bytes: Buffer): void {
    const stored = JSON.parse(bytes.toString()) as Stored;
    const { subject } = stored;
    const state = this.bySubject.get(subject) ?? noSubject;
    if ('change' in stored) {
      this.bySubject.set(subject, changed(state, stored.change));
      return;
    }
    const { schema, references = [], last } = stored;
    if (last !== undefined && last !== lastVersion(state)) return;
    const identity = schemaIdentity({ schema, references });
    const id = this.ids.get(identity) ?? this.freeId(identity);
    this.ids.set(identity, id);
    this.schemas.set(id, { schema, references });
    this.bySubject.set(subject, withVersion(state, id));
  }

  private freeId(schema: string): number {
    let id = idOf(schema);
    while (this.schemas.has(id)) id = (id % maxId) + 1;
    return id;
  }

  /** Only who registers makes the topic: to look for a schema changes nothing. */
  private async createTopic(): Promise<void> {
    if (this.created) return;
    await this.log.admin.create({
      name: schemaTopic,
      partitions: 1,
      cleanup: 'delete',
      retention: 'forever',
    });
    this.created = true;
  }
}

/** The wire format has four bytes for an id, and Confluent's clients take them for a signed number. */
const maxId = 2 ** 31 - 1;

/** The id of a schema, from 1 to {@link maxId}, unless another one has it. */
export function idOf(schema: string): number {
  return (createHash('sha256').update(schema).digest().readUInt32BE(0) % maxId) + 1;
}
