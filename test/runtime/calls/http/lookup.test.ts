import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { CallFailure } from '../../../../processors/call-handler.ts';
import type { HttpCallOptions } from '../../../../runtime/calls/http/call-options.ts';
import { defaultLookupStatuses, defaultStatuses } from '../../../../runtime/calls/http/statuses.ts';
import { approve, context, httpCall, request, startService } from './service.ts';

type Lookup = NonNullable<HttpCallOptions['lookup']>;

/** What a look-up says at a service that answers so. */
async function found(status: number, statuses: Lookup['statuses'] = { 404: 'absent' }) {
  const service = await startService((response) => {
    response.statusCode = status;
    approve(response);
  });
  const call = httpCall({
    url: 'http://127.0.0.1:21498/charges',
    auth: { bearer: 'secret' },
    lookup: { url: `${service.url}/{idempotency-key}`, statuses },
  });
  try {
    return await call.lookup?.(request, context());
  } catch (error) {
    return (error as CallFailure).kind;
  } finally {
    expect(service.requests).toHaveLength(1);
    expect(service.requests[0]).toMatchObject({
      method: 'GET',
      path: '/charges/k1',
      body: '',
      headers: { authorization: 'Bearer secret', 'idempotency-key': 'k1' },
    });
  }
}

describe('a look-up by HTTP', () => {
  const approved = { found: { state: 'APPROVED', lines: [] } };

  test.each([
    [200, approved],
    [404, 'absent'],
    [409, 'in-progress'],
    [400, 'unknown'],
    [302, 'unknown'],
    [401, 'not-sent'],
    [503, 'unavailable'],
  ])('takes status %i for %j', async (status, finding) => {
    expect(await found(status)).toEqual(finding);
  });

  test('takes a fixed reply for what was found', async () => {
    const statuses = { 404: 'absent', 410: { reply: { state: 'DECLINED' } } } as const;
    expect(await found(410, statuses)).toEqual({ found: { state: 'DECLINED', lines: [] } });
  });

  test('must say which status means that nothing is known', () => {
    const lookup = { url: 'http://a', statuses: { 404: 'unknown' } } as const;
    expect(() => httpCall({ url: 'http://a', lookup })).toThrow(
      'calls.payments.lookup.statuses: say which status tells that the service does not know the key',
    );
  });

  test('cannot be refused', () => {
    const statuses = { 404: 'absent', 400: 'refused' as never } as const;
    expect(() => httpCall({ url: 'http://a', lookup: { url: 'http://a', statuses } })).toThrow(
      'calls.payments.lookup.statuses.400: it is "refused", which is none of reply, absent',
    );
  });

  test('is none where none is set', () => {
    expect(httpCall({ url: 'http://a' }).lookup).toBeUndefined();
  });
});

describe('docs/http-calls.md', () => {
  const url = new URL('../../../../docs/http-calls.md', import.meta.url);
  const [calls = '', lookups = ''] = readFileSync(url, 'utf8').split('## Look-ups');

  test.each([
    ['calls', calls, defaultStatuses],
    ['look-ups', lookups, defaultLookupStatuses],
  ])('tells what each status means in %s', (_, text, defaults) => {
    const rows = [...text.matchAll(/^\| ((?:`\dxx`|`\d{3}`)[^|]*)\| `([a-z-]+)`/gm)];
    const told = rows.flatMap(([, statuses = '', word]) =>
      [...statuses.matchAll(/`(\w+)`/g)].map(([, status]) => [status, word]),
    );
    expect(Object.fromEntries(told)).toEqual(defaults);
  });
});
