import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach } from 'vitest';
import { systemClock } from '../../../runtime/app/system-clock.ts';
import { RecordBatchBuilder } from '../../../runtime/codec/batch-builder.ts';
import { openEmbeddedLog } from '../../../runtime/embedded/embedded-log.ts';
import type { EmbeddedLog } from '../../../runtime/embedded/embedded-log.ts';
import type { Ownership } from '../../../runtime/ports.ts';
import { avroSerde, loadCatalog, subjectFor } from '../../../schemas/index.ts';
import { partitionOf } from '../../../topology/core/murmur2.ts';
import type { Header } from '../../../topology/core/record.ts';

/** Files of a small project: words come in, counts and shouted words go out. */
export const words: Readonly<Record<string, string>> = {
  'package.json': '{ "type": "module" }\n',
  'words.yaml': `application: words
processors: processors
schemas: schemas
streams:
  said: { topic: said, key: string, value: text.Said, time: value.at, partitions: 2 }
  shouted: { topic: shouted, key: string, value: text.Said, partitions: 2 }
stages:
  loud: { from: said, map-values: { use: shout, as: text.Said }, to: shouted }
  counts: { from: said, group-by-key: true, count: { store: counts }, drop: [out] }
errors:
  default: { dead-letter: words.dead-letters }
`,
  'schemas/said.avsc': `{
  "type": "record",
  "name": "text.Said",
  "fields": [
    { "name": "word", "type": "string" },
    { "name": "at", "type": { "type": "long", "logicalType": "timestamp-millis" } }
  ]
}
`,
  'processors/shout.ts': `interface Said {
  readonly word: string;
  readonly at: number;
}

export function shout({ word, at }: Said): Said {
  return { word: word.toUpperCase(), at };
}
`,
};

/** Gives temporary folders with files in them, removed after each test. */
export function projects(): (files: Readonly<Record<string, string>>) => string {
  const made: string[] = [];
  afterEach(() => {
    for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
  });
  return (files) => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-cli-')));
    made.push(folder);
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    return folder;
  };
}

/** A record to write: its value already as bytes. */
export interface RawRecord {
  readonly key: string;
  readonly value: Buffer | null;
  readonly time?: number;
  readonly headers?: readonly Header[];
}

/** Opens the log of a data folder for `action`, and closes it. */
export async function withDataFolder<T>(
  folder: string,
  action: (log: EmbeddedLog) => Promise<T>,
): Promise<T> {
  const log = await openEmbeddedLog({ folder, clock: systemClock });
  try {
    return await action(log);
  } finally {
    await log.close();
  }
}

/** Creates a topic if it is missing, and appends records in one transaction. */
export async function produce(
  log: EmbeddedLog,
  topic: { readonly name: string; readonly partitions: number },
  records: readonly RawRecord[],
): Promise<void> {
  const { name, partitions } = topic;
  await log.admin.create({ name, partitions, cleanup: 'delete', retention: 'forever' });
  if (records.length === 0) return;
  const ignore = async (): Promise<void> => {};
  const ownership: Ownership = { assigned: ignore, revoked: ignore, lost: ignore };
  const member = await log.join({ group: 'producer', topics: [], slot: 'p' }, ownership);
  const transactor = await log.transactor('p');
  const builders = Array.from({ length: partitions }, () => new RecordBatchBuilder());
  for (const { key, value, time, headers } of records) {
    const bytes = Buffer.from(key);
    const builder = builders[partitionOf(bytes, partitions)] as RecordBatchBuilder;
    builder.appendPair(time ?? 0, bytes, value, headers ?? []);
  }
  const appends = builders.flatMap((builder, partition) =>
    builder.count === 0
      ? []
      : [{ topic: name, partition, records: builder.count, batch: builder.finish() }],
  );
  await transactor.commit({ appends, positions: [] }, member);
  await transactor.close();
  await member.leave();
}

/** Writes values of `text.Said` in the wire format, with the schema registered for the topic. */
export async function saidWriter(
  log: EmbeddedLog,
  topic: string,
): Promise<(word: string, at: number) => Buffer> {
  const file = { file: 'said.avsc', text: words['schemas/said.avsc'] as string };
  const { catalog } = loadCatalog([file]);
  const id = await log.registry.register(
    subjectFor(topic, 'value'),
    catalog.canonicalSchema('text.Said'),
  );
  const serde = avroSerde(catalog, 'text.Said', {
    schemaId: id,
    resolver: { schemaText: () => undefined },
  });
  const buffer = Buffer.alloc(64 * 1024);
  return (word, at) => Buffer.from(buffer.subarray(0, serde.write({ word, at }, buffer, 0)));
}
