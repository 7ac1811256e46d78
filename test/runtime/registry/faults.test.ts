import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { httpTransport } from '../../../runtime/registry/http-transport.ts';
import { patientSend } from '../../../runtime/registry/patient-send.ts';
import { compileRegistryOptions } from '../../../runtime/registry/url-options.ts';
import type { Clock } from '../../../topology/core/clock.ts';
import { realClock } from '../log-harness.ts';
import { record } from '../registry-contract.ts';
import { client } from './served.ts';

type Behave = (request: IncomingMessage, response: ServerResponse) => void;

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

/** A registry that behaves as told, one step for each request; the last step stays. */
async function misbehaving(
  ...steps: readonly Behave[]
): Promise<{ readonly url: string; readonly requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    const step = steps[Math.min(requests.length, steps.length - 1)];
    requests.push(request);
    request.resume();
    step?.(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

function reply(status: number, body: unknown, headers: Record<string, string> = {}): Behave {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

const fine = reply(200, { schema: record('a') });
const cut: Behave = (request) => request.socket.destroy();
const half: Behave = (request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' });
  response.write('{"schema":');
  setImmediate(() => request.socket.destroy());
};
const silent: Behave = () => {};

describe('a registry that fails for a while', () => {
  test.each<readonly [string, Behave]>([
    ['answers 500', reply(500, { error_code: 50_001, message: 'store' })],
    ['answers 503 with a page', reply(503, '<html>')],
    ['cuts the connection', cut],
    ['cuts an answer in the middle', half],
    ['answers 429', reply(429, { error_code: 42_900, message: 'slow down' })],
  ])('is asked again when it %s', async (_, failure) => {
    const { url, requests } = await misbehaving(failure, failure, fine);
    expect(await client(url, { patience: '10s' }).schema(7)).toBe(record('a'));
    expect(requests).toHaveLength(3);
  });

  test('is asked again when it is slow', async () => {
    const { url, requests } = await misbehaving(silent, fine);
    expect(await client(url, { timeout: '100ms', patience: '10s' }).schema(7)).toBe(record('a'));
    expect(requests).toHaveLength(2);
  });

  test('goes on with what it said before, when it is down', async () => {
    const { url } = await misbehaving(fine, reply(503, {}));
    const registry = client(url, { patience: '50ms' });
    expect(await registry.schema(7)).toBe(record('a'));
    expect(await registry.schema(7)).toBe(record('a'));
    await expect(registry.schema(8)).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' });
  });

  test('is asked for one id once, however many want it', async () => {
    const { url, requests } = await misbehaving(fine);
    const registry = client(url);
    await Promise.all([registry.registered(7), registry.registered(7), registry.registered(7)]);
    expect(requests).toHaveLength(1);
  });

  test('is asked again for an id that it did not know', async () => {
    const unknown = reply(404, { error_code: 40_403, message: 'Schema 7 not found' });
    const { url } = await misbehaving(unknown, fine);
    const registry = client(url);
    expect(await registry.schema(7)).toBeUndefined();
    expect(await registry.schema(7)).toBe(record('a'));
  });
});

describe('a registry that cannot be used', () => {
  test('is named, with the reason, when it is down', async () => {
    const { url } = await misbehaving(fine);
    servers.pop()?.close();
    await expect(client(url, { patience: '100ms' }).schema(7)).rejects.toMatchObject({
      code: 'REGISTRY_UNAVAILABLE',
      message: `the schema registry at ${url} cannot be used: ECONNREFUSED. Check that it runs and that registry.url is right`,
    });
  });

  test('is named, with what it says, when it stays broken', async () => {
    const { url } = await misbehaving(reply(500, { error_code: 50_001, message: 'no store' }));
    await expect(client(url, { patience: '100ms' }).schema(7)).rejects.toMatchObject({
      code: 'REGISTRY_UNAVAILABLE',
      message: `the schema registry at ${url} cannot be used: it answers 500 (no store). Check that it runs and that registry.url is right`,
    });
  });

  test('is given up at once when it asks for more patience than there is', async () => {
    const { url, requests } = await misbehaving(reply(429, {}, { 'retry-after': '60' }));
    await expect(client(url, { patience: '5s' }).schema(7)).rejects.toMatchObject({
      code: 'REGISTRY_UNAVAILABLE',
    });
    expect(requests).toHaveLength(1);
  });

  test.each([
    [
      'denies',
      reply(401, { error_code: 40_101, message: 'Unauthorized' }),
      'REGISTRY_DENIED',
      'does not let you give schema 7: it answers 401 (Unauthorized). Check registry.auth of the runner file',
    ],
    [
      'is another server',
      reply(404, '<html>'),
      'REGISTRY_ANSWER',
      'cannot be brought to give schema 7: it answers 404: is there a registry at this URL, path included?',
    ],
    [
      'redirects',
      reply(302, '', { location: 'http://127.0.0.1:1/' }),
      'REGISTRY_ANSWER',
      'cannot be brought to give schema 7: it answers 302: is there a registry at this URL, path included?',
    ],
  ] as const)(
    'is told apart when it %s, without another attempt',
    async (_, step, code, message) => {
      const { url, requests } = await misbehaving(step);
      await expect(client(url).schema(7)).rejects.toMatchObject({
        code,
        message: `the schema registry at ${url} ${message}`,
      });
      expect(requests).toHaveLength(1);
    },
  );

  test('is left alone once it is closed', async () => {
    const { url } = await misbehaving(silent);
    const registry = client(url, { timeout: '30s', patience: '30s' });
    const asked = registry.schema(7);
    setImmediate(() => registry.close());
    await expect(asked).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' });
  });
});

describe('a registry that answers', () => {
  test('is not asked for the schema of a version that it has given', async () => {
    const version = { subject: 'a', id: 7, version: 1, schema: record('a') };
    const { url, requests } = await misbehaving(reply(200, [1]), reply(200, version), silent);
    const registry = client(url);
    expect(await registry.versions('a')).toEqual([[1, 7]]);
    expect(await registry.schema(7)).toBe(record('a'));
    expect(requests).toHaveLength(2);
  });
});

describe('credentials', () => {
  test.each([
    ['a user', { username: 'key', password: 'secret' }, `Basic ${btoa('key:secret')}`],
    ['a bearer', { bearer: 'token' }, 'Bearer token'],
  ] as const)('are sent of %s', async (_, auth, header) => {
    const { url, requests } = await misbehaving(fine);
    await client(url, { auth }).schema(7);
    expect(requests[0]?.headers.authorization).toBe(header);
  });
});

describe('patientSend', () => {
  /** Time that passes only by waiting. */
  function waits(): { readonly clock: Clock; readonly waited: number[] } {
    let now = Date.parse('2017-01-01T00:00:00Z');
    const waited: number[] = [];
    const clock: Clock = {
      now: () => now,
      monotonic: () => now,
      after: (delayMs, action) => {
        waited.push(delayMs);
        now += delayMs;
        queueMicrotask(action);
        return () => {};
      },
    };
    return { clock, waited };
  }

  async function waitsBetween(retryAfter: string | undefined, attempts: number): Promise<number[]> {
    const { clock, waited } = waits();
    let left = attempts;
    const send = patientSend({
      send: async () => ({ status: --left === 0 ? 200 : 503, body: {}, retryAfter }),
      url: 'http://registry',
      clock,
      random: () => 1,
      patienceMs: 60_000,
      signal: new AbortController().signal,
    });
    await send({ method: 'GET', path: '/', headers: {}, body: undefined });
    return waited;
  }

  test('doubles the ceiling of its waits, up to 5 s', async () => {
    expect(await waitsBetween(undefined, 9)).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000]);
  });

  test('waits as long as it is asked to, in seconds or until a date', async () => {
    expect(await waitsBetween('7', 2)).toEqual([7000]);
    expect(await waitsBetween('Sun, 01 Jan 2017 00:00:03 GMT', 2)).toEqual([3000]);
    expect(await waitsBetween('soon', 2)).toEqual([100]);
  });

  test('says once of an outage that it waits, when that takes more than a second', async () => {
    const { clock } = waits();
    const reports: string[] = [];
    const statuses = [...Array<number>(4).fill(503), 200, 503, 200, ...Array<number>(6).fill(503)];
    const send = patientSend({
      send: async () => ({ status: statuses.shift() ?? 200, body: {}, retryAfter: undefined }),
      url: 'http://registry',
      clock,
      random: () => 1,
      patienceMs: 60_000,
      signal: new AbortController().signal,
      report: (message) => reports.push(`${statuses.length} left: ${message}`),
    });
    const request = { method: 'GET', path: '/', headers: {}, body: undefined } as const;
    for (let i = 0; i < 3; i++) await send(request);
    const line =
      'waiting for the schema registry at http://registry: it answers 503. It is asked again for up to 1m';
    expect(reports).toEqual([`9 left: ${line}`, `2 left: ${line}`]);
  });
});

test('httpTransport does not give credentials to where it is redirected', async () => {
  const other = await misbehaving(fine);
  const { url } = await misbehaving(reply(307, '', { location: `${other.url}/schemas/ids/7` }));
  const transport = httpTransport(
    compileRegistryOptions({ url, auth: { bearer: 'secret' } }),
    realClock,
  );
  const request = { method: 'GET', path: '/', headers: {}, body: undefined } as const;
  expect((await transport.send(request, new AbortController().signal)).status).toBe(307);
  transport.close();
  expect(other.requests).toEqual([]);
});
