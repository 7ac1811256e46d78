import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { mismatches, orderIsGiven, type RunMode, runVector } from './run-vector.ts';
import type { Vector } from './vector.ts';
import { type Translation, translate } from './vectors.ts';

const folder = new URL('./vectors/', import.meta.url);

interface Case {
  readonly name: string;
  readonly file: string;
  readonly vector: Vector;
  readonly translation: Translation;
}

const skipped: string[] = [];
const cases = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .flatMap((file) => {
    const vectors = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as readonly Vector[];
    return vectors.flatMap((vector): Case[] => {
      if (vector.topology === undefined) return [];
      const translation = translate(vector);
      if (!('unsupported' in translation))
        return [{ name: vector.name, file, vector, translation }];
      skipped.push(`${vector.name}: ${translation.unsupported} (a later issue)`);
      return [];
    });
  });

async function expectVector({ vector, translation }: Case, mode: RunMode): Promise<number> {
  const run = await runVector(vector, translation, mode);
  expect(mismatches(vector, run)).toEqual([]);
  return run.crashes;
}

const records = ({ vector }: Case): number =>
  (vector.steps ?? []).flatMap(({ inputs }) => inputs).filter((it) => 'topic' in it).length;

/** Records that a task takes: those of global tables are no task's. */
function taskRecords({ vector, translation }: Case): number {
  const tables = Object.values(translation.definition.tables);
  const global = new Set(tables.filter((it) => it.global === true).flatMap((it) => it.topics));
  const inputs = (vector.steps ?? []).flatMap((step) => step.inputs);
  return inputs.filter((it) => 'topic' in it && !global.has(it.topic)).length;
}

describe('vectors of Kafka Streams', () => {
  afterAll(() => {
    const count = `${cases.length} vectors run, ${ordered.length} of them in whole steps`;
    process.stdout.write(`${count}, ${skipped.length} skipped:\n`);
    for (const line of skipped) process.stdout.write(`  ${line}\n`);
  });

  test.each(cases)('$file $name: record by record', async (it) => {
    await expectVector(it, { feed: 'one-by-one' });
  });

  test.each(cases)('$file $name: a crash between any two records', async (it) => {
    expect(await expectVector(it, { feed: 'one-by-one', crashBetween: true })).toBe(records(it));
  });

  test.each(cases)('$file $name: a crash before the disk has what is committed', async (it) => {
    const crashes = await expectVector(it, { feed: 'one-by-one', crashAt: 'commit.logged' });
    expect(crashes > 0).toBe(taskRecords(it) > 0);
  });

  test.each(cases)('$file $name: a crash before the commit', async (it) => {
    const crashes = await expectVector(it, { feed: 'one-by-one', crashAt: 'batch.completed' });
    expect(crashes > 0).toBe(taskRecords(it) > 0);
  });

  const ordered = cases.filter((it) => orderIsGiven(it.translation, it.vector.steps ?? []));
  test.each([1, 2, 1000])('a whole step at once, batches of %i', async (batch) => {
    for (const it of ordered) {
      const mode: RunMode = { feed: 'whole-step', options: { 'batch-records': batch } };
      const run = await runVector(it.vector, it.translation, mode);
      expect(mismatches(it.vector, run), it.name).toEqual([]);
    }
  });
});
