import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  canRead,
  checkCompatibility,
  compatibilityModes,
  parseSchema,
} from '../../schemas/index.ts';
import { corpus } from '../schemas/compatibility/corpus.ts';
import { modeCandidates, modeVersions } from '../schemas/compatibility/mode-cases.ts';
import { requireRegistry, uniqueName } from './harness/require.ts';

const registry = requireRegistry();
const golden = new URL('../schemas/compatibility/registry-verdicts.json', import.meta.url);

async function call(method: string, path: string, body: unknown): Promise<unknown> {
  const response = await fetch(`${registry().url}${path}`, {
    method,
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify(body),
  });
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
  return answer;
}

/** What the registry says of each pair: whether the next schema may follow the old one. */
async function judged(): Promise<Record<string, boolean>> {
  const verdicts: Record<string, boolean> = {};
  for (const { name, old, next } of corpus) {
    const subject = uniqueName('compatibility');
    await call('POST', `/subjects/${subject}/versions`, { schema: JSON.stringify(old) });
    await call('PUT', `/config/${subject}`, { compatibility: 'BACKWARD' });
    const path = `/compatibility/subjects/${subject}/versions/latest?verbose=true`;
    const answer = await call('POST', path, { schema: JSON.stringify(next) });
    verdicts[name] = (answer as { is_compatible: boolean }).is_compatible;
  }
  return verdicts;
}

test('judges every pair of the corpus as a real registry does', { timeout: 240_000 }, async () => {
  const real = await judged();
  if (process.env['UPDATE_GOLDEN'] === '1') {
    writeFileSync(golden, `${JSON.stringify(real, null, 2)}\n`);
  }
  const ours = Object.fromEntries(
    corpus.map(({ name, old, next }) => [
      name,
      canRead(parseSchema(JSON.stringify(next)), parseSchema(JSON.stringify(old))).compatible,
    ]),
  );
  expect(ours).toEqual(real);
  expect(JSON.parse(readFileSync(golden, 'utf8'))).toEqual(real);
});

test('takes and refuses next versions under each mode as a real registry does', async () => {
  const versions = modeVersions.map((schema, i) => ({ version: i + 1, schema }));
  const [real, ours]: Record<string, boolean>[] = [{}, {}];
  for (const mode of compatibilityModes) {
    for (const [name, schema] of Object.entries(modeCandidates)) {
      const subject = uniqueName('modes');
      for (const version of modeVersions) {
        await call('POST', `/subjects/${subject}/versions`, { schema: version });
        await call('PUT', `/config/${subject}`, { compatibility: 'NONE' });
      }
      await call('PUT', `/config/${subject}`, { compatibility: mode });
      const taken = call('POST', `/subjects/${subject}/versions`, { schema }).then(
        () => true,
        (error: unknown) => {
          if (String(error).includes('"error_code":409')) return false;
          throw error;
        },
      );
      Object.assign(real as object, { [`${mode}: ${name}`]: await taken });
      const { compatible } = checkCompatibility(mode, schema, versions);
      Object.assign(ours as object, { [`${mode}: ${name}`]: compatible });
    }
  }
  expect(ours).toEqual(real);
});

test('refuses what a real registry cannot judge: a field that could be two of the old schema', async () => {
  const record = (...fields: object[]): object => ({ type: 'record', name: 'shop.Order', fields });
  const [a, b] = [
    { name: 'a', type: 'int' },
    { name: 'b', type: 'int' },
  ];
  const [old, next] = [record(a, b), record({ ...b, aliases: ['a'] })].map((it) =>
    JSON.stringify(it),
  );
  const subject = uniqueName('ambiguous');
  await call('POST', `/subjects/${subject}/versions`, { schema: old });
  await call('PUT', `/config/${subject}`, { compatibility: 'BACKWARD' });
  const path = `/compatibility/subjects/${subject}/versions/latest?verbose=true`;
  await expect(call('POST', path, { schema: next })).rejects.toThrow('42201');
  expect(canRead(parseSchema(next as string), parseSchema(old as string)).compatible).toBe(false);
});
