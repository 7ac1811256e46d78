import { createHash } from 'node:crypto';
import { noHeaders } from '../../topology/core/record.ts';
import { RecordBatchBuilder } from '../codec/batch-builder.ts';
import { readTo } from '../engine/changelog-reader.ts';
import type { Log, SchemaRegistry } from '../ports.ts';
import { OneAtATime } from '../one-at-a-time.ts';
import { appendOnce } from './append-once.ts';

/** The topic of all schemas of a cluster. */
export const schemaTopic = '_millrace-schemas';

interface Stored {
  readonly version: 1;
  readonly subject: string;
  readonly schema: string;
}

type Versions = readonly (readonly [version: number, id: number])[];

/**
 * A schema registry in a topic of the log, for members that share nothing else. Whoever registers
 * appends, and an append that came twice changes nothing. Ids follow from the schemas, so all readers come
 * to the same ones without asking anybody; and where the topic was lost, a schema that is registered
 * again has the id that records bear, and none has the id of another. The topic keeps everything: the
 * order says which of two schemas had an id first that both would have.
 */
export class TopicRegistry implements SchemaRegistry {
  private readonly log: Log;
  private readonly client: string;
  private readonly ids = new Map<string, number>();
  private readonly texts = new Map<number, string>();
  private readonly bySubject = new Map<string, Versions>();
  private position = 0;
  private created = false;
  /** Appends and reads of this process. */
  private readonly queue = new OneAtATime();

  /** `client` names this process's producer, as in {@link appendOnce}. */
  constructor(log: Log, client: string) {
    this.log = log;
    this.client = client;
  }

  register(subject: string, schema: string): Promise<number> {
    return this.queue.run(async () => {
      const known = this.idUnder(subject, schema);
      if (known !== undefined) return known;
      await this.refresh();
      if (this.idUnder(subject, schema) === undefined) {
        await this.createTopic();
        await this.append({ version: 1, subject, schema });
        await this.refresh();
      }
      return this.idUnder(subject, schema) ?? -1;
    });
  }

  schema(id: number): Promise<string | undefined> {
    return this.queue.run(async () => {
      if (!this.texts.has(id)) await this.refresh();
      return this.texts.get(id);
    });
  }

  versions(subject: string): Promise<Versions> {
    return this.queue.run(async () => {
      await this.refresh();
      return this.bySubject.get(subject) ?? [];
    });
  }

  subjects(): Promise<readonly string[]> {
    return this.queue.run(async () => {
      await this.refresh();
      return [...this.bySubject.keys()].sort();
    });
  }

  private idUnder(subject: string, schema: string): number | undefined {
    const id = this.ids.get(schema);
    return this.bySubject.get(subject)?.some(([, present]) => present === id) ? id : undefined;
  }

  private async append(stored: Stored): Promise<void> {
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
    const { subject, schema } = JSON.parse(bytes.toString()) as Stored;
    const id = this.ids.get(schema) ?? this.freeId(schema);
    this.ids.set(schema, id);
    this.texts.set(id, schema);
    const versions = this.bySubject.get(subject) ?? [];
    if (versions.some(([, present]) => present === id)) return;
    this.bySubject.set(subject, [...versions, [(versions.at(-1)?.[0] ?? 0) + 1, id]]);
  }

  private freeId(schema: string): number {
    let id = idOf(schema);
    while (this.texts.has(id)) id = (id % maxId) + 1;
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
