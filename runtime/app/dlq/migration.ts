import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Serde, writerId, writtenReader } from '../../../schemas/index.ts';
import type { Clock } from '../../../topology/core/clock.ts';
import { ConfigError, isStreamsError } from '../../../topology/core/errors.ts';
import type { TopicPlan } from '../../../topology/plan/plan.ts';
import { Scratch } from '../../codec/scratch.ts';
import type { Serdes } from '../../engine/serdes.ts';
import type { SchemaRegistry } from '../../ports.ts';
import type { DeadLetter } from './letter.ts';

/**
 * Makes of a value that failed one that the application takes: `Old` is the value as the schema that wrote it has it, `New` as the source's schema has it now.
 * A tombstone is null. Bytes that nothing reads are given as they are (`Uint8Array`). The result undefined leaves the letter where it is. It may be
 * asynchronous, within a minute each: letters are migrated one after the other.
 *
 * **Example**
 * ```ts
 * export const withCurrency: LetterMigration<{ cents: number }, { cents: number; currency: string }> =
 *   (old) => ({ ...old, currency: 'EUR' });
 * ```
 */
export type LetterMigration<Old = unknown, New = unknown> = (
  value: Old,
  letter: MigratedLetter,
) => New | null | undefined | Promise<New | null | undefined>;

/** What a migration is told of the letter beside its value. */
export type MigratedLetter = Pick<
  DeadLetter,
  'id' | 'key' | 'time' | 'headers' | 'stage' | 'code' | 'message' | 'source' | 'schemaId'
>;

/**
 * The function that `file.ts#export` names, the file relative to the working directory.
 * @throws {ConfigError} MIGRATION_FILE when there is no such file or it cannot be imported, MIGRATION_EXPORT when it has no such function
 */
export async function loadMigration(reference: string): Promise<LetterMigration> {
  const [, file = '', name = ''] = /^(.+)#(\w+)$/.exec(reference) ?? [];
  if (name === '') {
    throw new ConfigError('MIGRATION_FILE', `"${reference}" names no function: write FILE#EXPORT`);
  }
  const path = resolve(file);
  if (!existsSync(path)) {
    throw new ConfigError('MIGRATION_FILE', `there is no file ${file}: check the path`);
  }
  const found = (await imported(path, file))[name];
  if (typeof found === 'function') return found as LetterMigration;
  throw new ConfigError('MIGRATION_EXPORT', `${file} exports no function "${name}"`);
}

async function imported(path: string, file: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError('MIGRATION_FILE', `cannot import ${file}: ${why}`, { cause: error });
  }
}

/** The longest time that a migration takes for one letter, ms. */
const migrationMs = 60_000;

/** What came of a letter's value: its new bytes, or why it has to stay. */
export type Migrated = { readonly value: Buffer | null } | { readonly stays: string };

export interface MigratorOptions {
  readonly migration: LetterMigration;
  readonly registry: SchemaRegistry;
  readonly serdes: Serdes;
  readonly clock: Clock;
  /** Nothing is registered: the bytes are not for writing. */
  readonly dryRun: boolean;
}

/** Runs a migration on letters' values: decoded with their writers' schemas, encoded with the present one. */
export class Migrator {
  private readonly options: MigratorOptions;
  private readonly scratch = new Scratch();
  private readonly readers = new Map<number, ((payload: Buffer) => unknown) | undefined>();
  private readonly writers = new Map<string, Serde>();

  constructor(options: MigratorOptions) {
    this.options = options;
  }

  /** @throws {StreamsError} when the registry cannot be reached or refuses the present schema */
  async migrate(letter: DeadLetter, topic: TopicPlan): Promise<Migrated> {
    const { value, format = 'avro' } = topic;
    if (value === undefined) return { stays: `topic "${topic.name}" declares no value` };
    const old = await this.decoded(letter.value, format);
    let made: unknown;
    try {
      made = await this.inTime(this.options.migration(old, letter));
    } catch (error) {
      return { stays: `the migration failed: ${messageOf(error)}` };
    }
    if (made === undefined) return { stays: 'the migration leaves it' };
    if (made === null) return { value: null };
    let serde = this.writers.get(topic.name);
    if (serde === undefined) {
      const use = this.options.dryRun ? 'read' : 'write';
      serde = await this.options.serdes.value(topic.name, value, format, use);
      this.writers.set(topic.name, serde);
    }
    try {
      return { value: this.scratch.bytesOf(serde, made) };
    } catch (error) {
      if (!isStreamsError(error)) throw error;
      return { stays: `what the migration made does not fit: ${error.message}` };
    }
  }

  /** What the migration makes, as long as that takes no longer than it may. */
  private async inTime(made: unknown): Promise<unknown> {
    if (!(made instanceof Promise)) return made;
    const late = Promise.withResolvers<never>();
    const cancel = this.options.clock.after(migrationMs, () => {
      late.reject(new Error(`it took more than ${migrationMs / 1000} s for this letter`));
    });
    try {
      return await Promise.race([made, late.promise]);
    } finally {
      cancel();
    }
  }

  private async decoded(bytes: Buffer | null, format: TopicPlan['format']): Promise<unknown> {
    if (bytes === null) return null;
    if (format === 'string') return bytes.toString('utf8');
    try {
      if (format === 'json') return JSON.parse(bytes.toString('utf8')) as unknown;
      const id = format === 'avro' ? writerId(bytes, 0, bytes.length) : undefined;
      const reader = id === undefined ? undefined : await this.reader(id);
      return reader === undefined ? bytes : reader(bytes);
    } catch (error) {
      if (error instanceof SyntaxError) return bytes;
      if (isStreamsError(error) && error.code === 'SERDE_DECODE') return bytes;
      throw error;
    }
  }

  private async reader(id: number): Promise<((payload: Buffer) => unknown) | undefined> {
    if (!this.readers.has(id)) {
      const text = await this.options.registry.schema(id);
      this.readers.set(id, text === undefined ? undefined : writtenReader(text));
    }
    return this.readers.get(id);
  }
}

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.trim().replaceAll(/\s*[\r\n]+\s*/g, ' ');
}
