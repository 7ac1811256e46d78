import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CallFailure } from '../../../../processors/call-handler.ts';
import { readRunnerFile } from '../../../../runtime/app/runner-file.ts';
import { httpCallsOf } from '../../../../runtime/app/runner-file-calls.ts';
import {
  compileHttpCall,
  type HttpCallOptions,
} from '../../../../runtime/calls/http/call-options.ts';
import { defaultLookupStatuses, defaultStatuses } from '../../../../runtime/calls/http/statuses.ts';
import { loadCatalog } from '../../../../schemas/index.ts';
import { projects } from '../../cli/project.ts';
import { approve, context, httpCall, request, startService } from './service.ts';

const project = projects();

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
  const texts = ['charge-request', 'charge-reply'].map((name) => {
    const at = new URL(`../../../../schemas/orders/${name}.avsc`, import.meta.url);
    return { file: `${name}.avsc`, text: readFileSync(at, 'utf8') };
  });
  const shop = {
    def: { request: 'shop.ChargeRequest', reply: 'shop.ChargeReply' },
    catalog: loadCatalog(texts).catalog,
  };
  const url = new URL('../../../../docs/http-calls.md', import.meta.url);
  const page = readFileSync(url, 'utf8');
  const [calls = '', lookups = ''] = page.split('## Look-ups');
  const examples = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, yaml = '']) => yaml);

  test.each(examples)('has an example that is taken: %s', (yaml) => {
    const file = join(project({ 'millrace.yaml': yaml }), 'millrace.yaml');
    const settings = readRunnerFile(file, {});
    for (const [call, options] of Object.entries(httpCallsOf(settings.calls ?? {}, ''))) {
      expect(compileHttpCall(call, options, shop).destination.shown).toMatch(/^https:/);
    }
  });

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
