import { beforeAll, describe, expect, test } from 'vitest';
import { MemoryRegistry } from '../../../runtime/memory/memory-registry.ts';
import { RegistryServer } from '../../../runtime/registry/registry-server.ts';
import { compileServeOptions } from '../../../runtime/registry/serve-options.ts';
import { record } from '../registry-contract.ts';
import { serve } from './served.ts';

const mediaType = 'application/vnd.schemaregistry.v1+json';

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

let url: string;

beforeAll(async () => {
  ({ url } = await serve());
});

async function ask(method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(`${url}${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': mediaType } }),
  });
  expect(response.headers.get('content-type')).toBe(mediaType);
  return { status: response.status, body: await response.json() };
}

function schema(...fields: readonly string[]): { readonly schema: string } {
  return { schema: record(...fields) };
}

/** Registers versions under a subject, whatever the mode; their ids. */
async function subject(name: string, ...versions: readonly object[]): Promise<readonly number[]> {
  await ask('PUT', `/config/${name}`, { compatibility: 'NONE' });
  const ids = [];
  for (const body of versions) {
    const { body: registered } = await ask('POST', `/subjects/${name}/versions`, body);
    ids.push((registered as { id: number }).id);
  }
  return ids;
}

function error(status: number, code: number, message: unknown = expect.any(String)): Answer {
  return { status, body: { error_code: code, message } };
}

describe('subjects and versions', () => {
  test('keeps the digits of a default beyond 2^53', async () => {
    const long = '{"name":"l","type":"long","default":9223372036854775807}';
    const kept = `{"type":"record","name":"R","fields":[${long}]}`;
    const [id] = await subject('digits', { schema: kept.replace('[', '[ ') });
    expect((await ask('GET', '/subjects/digits/versions/1')).body).toMatchObject({ schema: kept });
    const whole = await fetch(`${url}/schemas/ids/${id}/schema`);
    expect(await whole.text()).toBe(kept);
  });

  test('gives a version by its number and as the latest, and a schema by its id', async () => {
    const [one, two] = await subject('given', schema('a'), schema('b'));
    expect(await ask('GET', '/subjects/given/versions')).toEqual({ status: 200, body: [1, 2] });
    const first = { subject: 'given', version: 1, id: one, schema: record('a') };
    expect((await ask('GET', '/subjects/given/versions/1')).body).toEqual(first);
    expect((await ask('GET', '/subjects/given/versions/latest')).body).toMatchObject({ id: two });
    expect((await ask('GET', '/subjects/given/versions/-1')).body).toMatchObject({ id: two });
    expect((await ask('GET', `/schemas/ids/${two}`)).body).toEqual({ schema: record('b') });
    expect((await ask('GET', `/schemas/ids/${one}/versions`)).body).toContainEqual({
      subject: 'given',
      version: 1,
    });
    expect((await ask('GET', '/subjects/given/versions/1/schema')).body).toEqual(
      JSON.parse(record('a')),
    );
  });

  test('looks a schema up without registering it', async () => {
    const [one] = await subject('looked', schema('l'));
    expect(await ask('POST', '/subjects/looked', schema('l'))).toEqual({
      status: 200,
      body: { subject: 'looked', version: 1, id: one, schema: record('l') },
    });
    expect(await ask('POST', '/subjects/looked', schema('m'))).toEqual(
      error(404, 40_403, 'Schema not found'),
    );
    expect(await ask('POST', '/subjects/nobody', schema('m'))).toEqual(
      error(404, 40_401, "Subject 'nobody' not found."),
    );
  });

  test('keeps a schema without its white space, and a primitive by its bare name', async () => {
    const spaced = JSON.stringify(JSON.parse(record('w')), null, 2);
    const [one] = await subject('spaced', { schema: spaced }, { schema: 'string' });
    expect((await ask('GET', `/schemas/ids/${one}`)).body).toEqual({ schema: record('w') });
    expect((await ask('GET', '/subjects/spaced/versions/2')).body).toMatchObject({
      schema: '"string"',
    });
  });

  test('knows a schema in another spelling, as clients in other languages write it', async () => {
    const own = { type: 'record', name: 'shop.Spelled', fields: [{ name: 'a', type: 'int' }] };
    const java = {
      type: 'record',
      name: 'Spelled',
      namespace: 'shop',
      fields: [{ name: 'a', type: { type: 'int' } }],
    };
    const other = { ...java, fields: [{ name: 'a', type: 'int', doc: 'counts' }] };
    const [one] = await subject('spelled', { schema: JSON.stringify(own) });
    const body = { schema: JSON.stringify(java) };
    expect((await ask('POST', '/subjects/spelled', body)).body).toEqual({
      subject: 'spelled',
      version: 1,
      id: one,
      schema: JSON.stringify(own),
    });
    expect((await ask('POST', '/subjects/spelled/versions', body)).body).toEqual({ id: one });
    expect(await ask('POST', '/subjects/spelled', { schema: JSON.stringify(other) })).toEqual(
      error(404, 40_403, 'Schema not found'),
    );
    expect((await ask('GET', '/subjects/spelled/versions')).body).toEqual([1]);
  });

  test('takes subjects with any characters', async () => {
    const name = 'a b/c%é';
    await subject(encodeURIComponent(name), schema('x'));
    expect((await ask('GET', '/subjects')).body).toContain(name);
  });

  test.each([
    ['an unknown subject', 'GET', '/subjects/nobody/versions', 404, 40_401],
    ['a version of an unknown subject', 'GET', '/subjects/nobody/versions/1', 404, 40_401],
    ['an unknown version', 'GET', '/subjects/known/versions/9', 404, 40_402],
    ['what is no version', 'GET', '/subjects/known/versions/zero', 422, 42_202],
    ['version 0', 'GET', '/subjects/known/versions/0', 422, 42_202],
    ['an unknown id', 'GET', '/schemas/ids/999999', 404, 40_403],
    ['a subject without a mode of its own', 'GET', '/config/nobody', 404, 40_408],
    ['an unknown path', 'GET', '/nothing', 404, 404],
    ['a method that a path does not have', 'PATCH', '/subjects', 405, 405],
  ] as const)('answers %s with its code', async (_, method, path, status, code) => {
    await subject('known', schema('k'));
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { 'content-type': mediaType },
    });
    expect({ status: response.status, body: await response.json() }).toEqual(error(status, code));
  });

  test.each([
    ['no schema', {}],
    ['no JSON', { schema: '{' }],
    ['no Avro', { schema: '{"type":"record","name":"R"}' }],
    ['a type that is not defined', { schema: '"Nobody"' }],
    ['another kind of schema', { schema: '{}', schemaType: 'JSON' }],
  ])('answers a body with %s with 42201', async (_, body) => {
    expect(await ask('POST', '/subjects/invalid/versions', body)).toEqual(error(422, 42_201));
  });
});

describe('modes', () => {
  test('refuses with 409 what the mode does not allow, and says why if asked', async () => {
    await ask('POST', '/subjects/strict/versions', schema('a'));
    expect((await ask('GET', '/config')).body).toEqual({ compatibilityLevel: 'BACKWARD' });
    expect(await ask('POST', '/subjects/strict/versions', schema('a', 'b'))).toEqual(
      error(409, 409),
    );
    const path = '/compatibility/subjects/strict/versions/latest';
    expect((await ask('POST', path, schema('a', 'b'))).body).toEqual({ is_compatible: false });
    expect((await ask('POST', `${path}?verbose=true`, schema('a', 'b'))).body).toEqual({
      is_compatible: false,
      messages: [expect.stringContaining('version 1')],
    });
    expect((await ask('POST', path, schema('a', 'b?'))).body).toEqual({ is_compatible: true });
    expect(await ask('POST', '/compatibility/subjects/strict/versions/7', schema('a'))).toEqual(
      error(404, 40_402),
    );
  });

  test('sets a mode, and takes it away again', async () => {
    await subject('moded', schema('a'));
    expect(await ask('PUT', '/config/moded', { compatibility: 'full' })).toEqual({
      status: 200,
      body: { compatibility: 'FULL' },
    });
    expect((await ask('GET', '/config/moded')).body).toEqual({ compatibilityLevel: 'FULL' });
    expect((await ask('DELETE', '/config/moded')).body).toEqual({ compatibilityLevel: 'FULL' });
    expect((await ask('GET', '/config/moded?defaultToGlobal=true')).body).toEqual({
      compatibilityLevel: 'BACKWARD',
    });
    expect(await ask('PUT', '/config/moded', { compatibility: 'SIDEWAYS' })).toEqual(
      error(422, 42_203),
    );
  });

  test('says that it may be written', async () => {
    expect((await ask('GET', '/mode')).body).toEqual({ mode: 'READWRITE' });
    expect((await ask('GET', '/schemas/types')).body).toEqual(['AVRO']);
  });
});

describe('deletes', () => {
  test('soft-deletes a version, shows it only if asked, and takes it away for good', async () => {
    const [one, two] = await subject('gone', schema('a'), schema('b'));
    const at = '/subjects/gone/versions/1';
    expect(await ask('DELETE', `${at}?permanent=true`)).toEqual(error(404, 40_407));
    expect(await ask('DELETE', at)).toEqual({ status: 200, body: 1 });
    expect(await ask('DELETE', at)).toEqual(error(404, 40_406));
    expect(await ask('GET', at)).toEqual(error(404, 40_402));
    expect((await ask('GET', `${at}?deleted=true`)).body).toMatchObject({ id: one });
    expect((await ask('GET', '/subjects/gone/versions')).body).toEqual([2]);
    expect((await ask('GET', '/subjects/gone/versions?deleted=true')).body).toEqual([1, 2]);
    expect((await ask('GET', `/schemas/ids/${one}`)).status).toBe(200);
    expect(await ask('DELETE', `${at}?permanent=true`)).toEqual({ status: 200, body: 1 });
    expect((await ask('GET', '/subjects/gone/versions?deleted=true')).body).toEqual([2]);
    expect((await ask('GET', '/subjects/gone/versions/latest')).body).toMatchObject({ id: two });
  });

  test.each(['latest', '-1'])(
    'soft-deletes the last version that is left, as %s',
    async (latest) => {
      await subject(`last${latest}`, schema('a'), schema('a', 'b'));
      expect((await ask('DELETE', `/subjects/last${latest}/versions/${latest}`)).body).toBe(2);
      expect((await ask('DELETE', `/subjects/last${latest}/versions/${latest}`)).body).toBe(1);
    },
  );

  test('soft-deletes a subject, then takes it away, and begins anew with the next version', async () => {
    await subject('whole', schema('a'), schema('b'));
    expect(await ask('DELETE', '/subjects/whole?permanent=true')).toEqual(error(404, 40_405));
    expect(await ask('DELETE', '/subjects/whole')).toEqual({ status: 200, body: [1, 2] });
    expect(await ask('DELETE', '/subjects/whole')).toEqual(error(404, 40_404));
    expect((await ask('GET', '/subjects')).body).not.toContain('whole');
    expect((await ask('GET', '/subjects?deleted=true')).body).toContain('whole');
    await ask('POST', '/subjects/whole/versions', schema('a'));
    expect((await ask('GET', '/subjects/whole/versions')).body).toEqual([3]);
    await ask('DELETE', '/subjects/whole');
    expect(await ask('DELETE', '/subjects/whole?permanent=true')).toEqual({
      status: 200,
      body: [1, 2, 3],
    });
    expect(await ask('DELETE', '/subjects/whole')).toEqual(error(404, 40_401));
  });

  test('keeps what another schema refers to', async () => {
    await subject('inner', { schema: '{"type":"fixed","name":"Id","size":4}' });
    const references = [{ name: 'Id', subject: 'inner', version: 1 }];
    const outer = { schema: '{"type":"array","items":"Id"}', references };
    const [outerId] = await subject('outer', outer);
    expect((await ask('GET', '/subjects/outer/versions/1')).body).toMatchObject({ references });
    expect(await ask('GET', '/subjects/inner/versions/1/referencedby')).toEqual({
      status: 200,
      body: [outerId],
    });
    expect((await ask('GET', '/subjects/outer/versions/1/referencedby')).body).toEqual([]);
    expect(await ask('DELETE', '/subjects/inner/versions/1')).toEqual(error(422, 42_206));
    expect(await ask('DELETE', '/subjects/inner')).toEqual(error(422, 42_206));
    await ask('DELETE', '/subjects/outer');
    expect((await ask('DELETE', '/subjects/inner')).status).toBe(200);
  });
});

describe('requests', () => {
  test('refuses a body that a form of a page could send', async () => {
    const response = await fetch(`${url}/subjects/x/versions`, {
      method: 'POST',
      body: JSON.stringify(schema('a')),
      headers: { 'content-type': 'text/plain' },
    });
    expect(response.status).toBe(415);
  });

  test('answers a body that is no JSON with 400', async () => {
    const response = await fetch(`${url}/subjects/x/versions`, {
      method: 'POST',
      body: '{',
      headers: { 'content-type': 'application/json' },
    });
    expect(response.status).toBe(400);
  });

  test('takes the token as a bearer and as a password, and nothing else', async () => {
    const served = await serve(new MemoryRegistry(), { token: 's3cret' });
    const get = async (authorization?: string): Promise<number> =>
      (
        await fetch(`${served.url}/subjects`, {
          headers: authorization === undefined ? {} : { authorization },
        })
      ).status;
    const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
    expect(await get()).toBe(401);
    expect(await get('Bearer other')).toBe(401);
    expect(await get(basic('s3cret:other'))).toBe(401);
    expect(await get('Bearer s3cret')).toBe(200);
    expect(await get(basic('anybody:s3cret'))).toBe(200);
  });

  test('says that a port is taken', async () => {
    const port = Number(new URL(url).port);
    await expect(
      RegistryServer.listen(new MemoryRegistry(), compileServeOptions({ port })),
    ).rejects.toMatchObject({
      code: 'REGISTRY_LISTEN',
      message: `cannot serve schemas on 127.0.0.1: port ${port} is taken: choose another one, or 0 for one that is free`,
    });
  });

  test('is not served to others without a token', () => {
    expect(() => compileServeOptions({ host: '0.0.0.0' })).toThrow(
      'the host is 0.0.0.0, which others can reach: give a token, or take a loopback address',
    );
  });
});
