import { request } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { compileQueriesOptions } from '../../../runtime/queries/queries-options.ts';
import { QueryServer } from '../../../runtime/queries/query-server.ts';
import { plain } from '../codec/records.ts';
import { QueryCluster } from './query-cluster.ts';

const topology = `
application: shop
streams:
  words:  { topic: words, key: string, value: string, format: string }
  counts: { topic: counts, key: string, value: long }
stages:
  by-key:  { from: words, group-by-key: true, count: {} }
  changes: { from: by-key, to-stream: {}, to: counts }
errors: { default: { dead-letter: letters, park-by-key: {} } }
`;

interface Said {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

describe('a member over HTTP', () => {
  let group: QueryCluster;

  async function start(token?: string): Promise<void> {
    group = new QueryCluster(topology, {}, token === undefined ? {} : { token });
    await group.start('a', 'b');
    await group.cluster.send('words', ...['k1', 'k2', 'k3'].map((key) => plain(key, 'x', 7)));
    await group.cluster.settle();
  }

  async function get(path: string, init: RequestInit = {}): Promise<Said> {
    const response = await fetch(`${group.url('a')}${path}`, init);
    return { status: response.status, headers: response.headers, body: await response.json() };
  }

  afterEach(() => group.close());

  test('lists the stores, without what waits behind dead letters', async () => {
    await start();
    expect((await get('/stores')).body).toEqual({
      application: 'shop',
      stores: [{ name: 'by-key', key: 'string', value: 'long', partitions: 4 }],
    });
  });

  test('answers for a key, wherever it is', async () => {
    await start();
    for (const key of ['k1', 'k2', 'k3']) {
      const { status, headers, body } = await get(`/stores/by-key?key=${key}`);
      expect([status, headers.get('content-type')]).toEqual([200, 'application/json']);
      expect(body).toMatchObject({
        store: 'by-key',
        rows: [{ key, value: 1, time: 7 }],
        from: [{ role: 'active' }],
      });
      expect(body).not.toHaveProperty('rows[0].bytes');
    }
  });

  test('answers for ranges, and says where the next page begins', async () => {
    await start();
    const first = await get('/stores/by-key?limit=2');
    expect(first.body).toMatchObject({
      rows: [{ key: 'k1' }, { key: 'k2' }],
      next: { after: 'k2' },
    });
    const { next } = first.body as { readonly next: { after: string; partition: number } };
    const more = `after=${next.after}&after-partition=${next.partition}`;
    const { body } = await get(`/stores/by-key?limit=2&${more}`);
    expect(body).toMatchObject({ rows: [{ key: 'k3' }] });
    expect(body).not.toHaveProperty('next');
  });

  test.each([
    ['/stores/by', 404, 'STORE_NAME', 'application "shop" has no store "by"; it has "by-key"'],
    ['/', 404, 'QUERY_PATH', 'there is no such path; there are /stores and /stores/NAME'],
    [
      '/stores/by-key/x/y',
      404,
      'QUERY_PATH',
      'there is no such path; there are /stores and /stores/NAME',
    ],
    ['/stores/%FF', 400, 'QUERY_PATH', 'the path is not encoded well'],
    [
      '/stores/by-key?limit=0',
      400,
      'QUERY_LIMIT',
      'limit is 0; it must be a whole number from 1 to 10000',
    ],
    [
      '/stores/by-key?x=1',
      400,
      'QUERY_PARAMETER',
      'there is no parameter "x"; there are key, from, to, after, after-partition, limit, max-staleness',
    ],
    [
      `/stores/by-key?key=${'x'.repeat(1901)}`,
      400,
      'STORE_KEY_SIZE',
      'store "by-key" got a key of 1901 bytes or more: a key has at most 1900 bytes',
    ],
    [
      '/members/other/by-key?partitions=0&limit=1',
      404,
      'OTHER_APPLICATION',
      'this is a member of "shop"',
    ],
  ])('refuses %s', async (path, status, code, message) => {
    await start();
    expect(await get(path)).toMatchObject({ status, body: { error: { code, message } } });
  });

  test('says when to ask again for what it cannot answer', async () => {
    await start();
    const { local } = await group.query('a');
    const own = new Set(local.held().map(({ partition }) => partition));
    const key = Array.from({ length: 50 }, (_, i) => `k${i}`).find(
      (it) => !own.has(local.partitionOf(it) ?? 0),
    );
    await group.servers.get('b')?.close();
    const { status, headers, body } = await get(`/stores/by-key?key=${key}`);
    expect([status, headers.get('retry-after')]).toEqual([503, '1']);
    expect(body).toMatchObject({ error: { code: 'QUERY_UNREACHABLE' } });
  });

  test('takes no other method, and reads no body', async () => {
    await start();
    const { status, headers } = await get('/stores', { method: 'POST', body: 'x'.repeat(100_000) });
    expect([status, headers.get('allow')]).toEqual([405, 'GET']);
  });

  test('wants the token, on every path, and uses it towards others', async () => {
    await start('s3cret');
    for (const authorization of [undefined, 'Bearer', 'Bearer s3cre', 'Basic s3cret', 's3cret']) {
      const headers = authorization === undefined ? {} : { authorization };
      for (const path of [
        '/stores',
        '/stores/by-key',
        '/members/shop/by-key?partitions=0&limit=1',
      ]) {
        expect(await get(path, { headers })).toMatchObject({
          status: 401,
          body: { error: { code: 'QUERY_TOKEN' } },
        });
      }
    }
    const headers = { authorization: 'Bearer s3cret' };
    expect((await get('/stores/by-key', { headers })).body).toMatchObject({ rows: { length: 3 } });
  });

  test('is not read under a name that somebody points to its address', async () => {
    await start();
    const { port } = new URL(group.url('a'));
    const status = await new Promise((resolve, reject) => {
      const headers = { host: `evil.example:${port}` };
      request({ host: '127.0.0.1', port, path: '/stores', headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(421);
  });

  test('cannot have a port that is taken', async () => {
    await start();
    const port = Number(new URL(group.url('a')).port);
    await expect(QueryServer.listen(compileQueriesOptions({ port }))).rejects.toMatchObject({
      code: 'QUERIES_LISTEN',
      message: `cannot answer queries on 127.0.0.1: port ${port} is taken: set queries.port to another one, or to 0 for one that is free`,
    });
  });

  test('says that it is starting before it is there', async () => {
    await start();
    const server = await QueryServer.listen(compileQueriesOptions({}));
    const response = await fetch(`${server.endpoint}/stores`);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    await server.close();
  });
});
