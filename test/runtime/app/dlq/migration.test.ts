import { describe, expect, test } from 'vitest';
import type { DeadLetter } from '../../../../runtime/app/dlq/letter.ts';
import { type LetterMigration, Migrator } from '../../../../runtime/app/dlq/migration.ts';
import { SchemaCache } from '../../../../runtime/engine/schema-cache.ts';
import { Serdes } from '../../../../runtime/engine/serdes.ts';
import { MemoryRegistry } from '../../../../runtime/memory/memory-registry.ts';
import { ManualClock } from '../../../../runtime/testing/manual-clock.ts';
import { loadCatalog } from '../../../../schemas/index.ts';
import type { TopicPlan } from '../../../../topology/plan/plan.ts';

const topic = (format: string, kind = 'string'): TopicPlan =>
  ({ name: 'in', role: 'stream', format, value: { kind } }) as unknown as TopicPlan;
const letter = (value: string | Buffer | null): DeadLetter =>
  ({ value: typeof value === 'string' ? Buffer.from(value) : value, time: 3 }) as DeadLetter;

function migrator(
  migration: LetterMigration,
  { dryRun = false, registry = new MemoryRegistry(), clock = new ManualClock(0) } = {},
): Migrator {
  const serdes = new Serdes(
    loadCatalog([]).catalog,
    new SchemaCache(registry, new ManualClock(0)),
    () => true,
  );
  return new Migrator({ migration, registry, serdes, clock, dryRun });
}

/** What a migration is given. */
async function given(value: string | Buffer | null, format: string): Promise<unknown> {
  let seen: unknown;
  const one = migrator((old) => {
    seen = old;
    return undefined;
  });
  const result = await one.migrate(letter(value), topic(format));
  expect(result).toEqual({ stays: 'the migration leaves it' });
  return seen;
}

describe('Migrator', () => {
  test('gives the value as the format has it, and bytes where nothing reads it', async () => {
    expect(await given('{"a":1}', 'json')).toEqual({ a: 1 });
    expect(await given('{"a":', 'json')).toEqual(Buffer.from('{"a":'));
    expect(await given('text', 'string')).toBe('text');
    expect(await given('text', 'bytes')).toEqual(Buffer.from('text'));
    expect(await given(Buffer.from([0, 0, 0, 0, 9, 1]), 'avro')).toEqual(
      Buffer.from([0, 0, 0, 0, 9, 1]),
    );
    expect(await given(null, 'json')).toBeNull();
  });

  test('encodes what it makes; null is a tombstone', async () => {
    const doubled = migrator((old) => `${String(old)}${String(old)}`);
    expect(await doubled.migrate(letter('a'), topic('string'))).toEqual({
      value: Buffer.from('aa'),
    });
    const gone = migrator(() => null);
    expect(await gone.migrate(letter('a'), topic('string'))).toEqual({ value: null });
  });

  test.each(['string', 'json'])('waits for what it makes later, as %s', async (format) => {
    const later = migrator(async (old) => old);
    const value = Buffer.from('"a"');
    expect(await later.migrate(letter(value), topic(format))).toEqual({ value });
    const failed = migrator(async () => Promise.reject(new Error('not that')));
    expect(await failed.migrate(letter(value), topic(format))).toEqual({
      stays: 'the migration failed: not that',
    });
  });

  test('leaves the letter where the function does not end within a minute', async () => {
    const clock = new ManualClock(0);
    const called = Promise.withResolvers<void>();
    const endless = migrator(
      async () => {
        called.resolve();
        return new Promise(() => {});
      },
      { clock },
    );
    const result = endless.migrate(letter('a'), topic('string'));
    await called.promise;
    // The limit is set right behind the call.
    await Promise.resolve();
    clock.advanceTo(60_000);
    expect(await result).toEqual({
      stays: 'the migration failed: it took more than 60 s for this letter',
    });
  });

  test('leaves no timer behind where the function ends', async () => {
    const clock = new ManualClock(0);
    await migrator(async (old) => old, { clock }).migrate(letter('a'), topic('string'));
    expect(clock.nextDue()).toBeUndefined();
  });

  test('gives the reason of an error in one line', async () => {
    const broken = migrator(() => {
      throw new Error('not that:\n  a\r\n\n  b\n');
    });
    expect(await broken.migrate(letter('a'), topic('string'))).toEqual({
      stays: 'the migration failed: not that: a b',
    });
  });

  test('leaves the letter where the function throws or its value does not fit', async () => {
    const broken = migrator(() => {
      throw new Error('not that');
    });
    expect(await broken.migrate(letter('a'), topic('string'))).toEqual({
      stays: 'the migration failed: not that',
    });
    const wrong = await migrator(() => 7).migrate(letter('a'), topic('string'));
    expect(wrong).toEqual({
      stays: expect.stringMatching(/^what the migration made does not fit: /) as string,
    });
  });

  test('registers nothing in a dry run', async () => {
    const registry = new MemoryRegistry();
    const one = migrator(() => 7, { dryRun: true, registry });
    const result = await one.migrate(letter('a'), topic('avro', 'long'));
    expect(result).toMatchObject({ value: expect.any(Buffer) as Buffer });
    expect(await registry.subjects()).toEqual([]);
    await migrator(() => 7, { registry }).migrate(letter('a'), topic('avro', 'long'));
    expect(await registry.subjects()).toEqual(['in-value']);
  });
});
