import { expect, test } from 'vitest';
import { requireRegistry, uniqueName } from './harness/require.ts';

const registry = requireRegistry();

test('the shared registry gives back the schema that it was given', async () => {
  const subject = `${uniqueName('subject')}-value`;
  const schema = '{"type":"string"}';
  const registered = await fetch(`${registry().url}/subjects/${subject}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schema }),
  });
  const { id } = (await registered.json()) as { id: number };
  const found = await fetch(`${registry().url}/schemas/ids/${id}`);
  expect(await found.json()).toMatchObject({ schema });
  const versions = await fetch(`${registry().url}/subjects/${subject}/versions`);
  expect(await versions.json()).toEqual([1]);
});
