import { describe, expect, test } from 'vitest';
import {
  compileHttpCall,
  type HttpCallOptions,
} from '../../../../runtime/calls/http/call-options.ts';
import { selfSigned } from './certificate.ts';
import { catalog, def } from './service.ts';

const compile = (options: Partial<HttpCallOptions>) =>
  compileHttpCall('payments', { url: 'http://a/b', ...options }, { def, catalog });

describe('compileHttpCall', () => {
  test('needs nothing but a URL', () => {
    const call = compile({});
    expect(call).toMatchObject({
      method: 'POST',
      hasBody: true,
      idempotencyHeader: 'idempotency-key',
      maxReplyBytes: 1_048_576,
      connectTimeoutMs: 1000,
      headers: {
        accept: 'application/json',
        'accept-encoding': 'identity',
        'content-type': 'application/json',
      },
    });
    expect(call.destination.path({}, 'k')).toBe('/b');
  });

  test.each([
    [{ bearer: 'abc' }, { authorization: 'Bearer abc' }],
    [{ basic: { username: 'me', password: 'é:x' } }, { authorization: 'Basic bWU6w6k6eA==' }],
    [{ header: { name: 'X-Key', value: 'abc' } }, { 'x-key': 'abc' }],
    [{ header: { name: 'Authorization', value: 'Key abc' } }, { authorization: 'Key abc' }],
  ])('proves who asks by %j', (auth, headers) => {
    expect(compile({ auth }).headers).toMatchObject(headers);
  });

  test.each<[Partial<HttpCallOptions>, string]>([
    [{ url: 'ftp://a' }, 'calls.payments.url is "ftp://a": write http://host:port/path, or https'],
    [{ url: 'payments' }, 'write http://host:port/path'],
    [
      { url: 'http://me:secret@a/b?key=secret' },
      'calls.payments.url is "http://…@a/b?…": take name and password out of it',
    ],
    [{ url: 'http://a/{order' }, 'a brace stands alone: fields are written {orderId}'],
    [{ url: 'http://a/order}?x={order}' }, 'a brace stands alone'],
    [{ url: 'http://a/{{order}}' }, 'a brace stands alone'],
    [{ url: 'http://{order}/b' }, 'the host cannot be a field of the request'],
    [
      { url: 'http://a/{ordr}' },
      'the request has no field "ordr" (there are idempotency-key, order, cents, customer, note)',
    ],
    [{ url: 'http://a/{customer}' }, 'field "customer" cannot be part of a URL'],
    [{ url: 'http://a/{note}' }, 'field "note" cannot be part of a URL'],
    [{ url: 'http://a/{customer.no}' }, 'the request has no field "customer.no"'],
    [
      { headers: { Authorization: 'Bearer x' } },
      'calls.payments.headers has the header "Authorization": write it as "auth: { bearer: ${NAME} }"',
    ],
    [{ headers: { 'content-length': '1' } }, 'it is not yours to set: take it out'],
    [{ headers: { 'x y': '1' } }, 'that is no name of a header'],
    [{ headers: { x: 'a\nb' } }, 'its value has characters that a header cannot have'],
    [{ headers: { 'idempotency-key': '1' } }, 'it carries the idempotency key'],
    [{ idempotencyHeader: 'x:' }, 'calls.payments.idempotency-header has the header "x:"'],
    [{ auth: {} }, 'calls.payments.auth: say one of bearer, basic, header'],
    [{ auth: { bearer: 'a b' } }, 'must be printable ASCII without spaces'],
    [{ auth: { header: { name: 'x', value: 'a\nb' } } }, 'its value has characters'],
    [{ statuses: { 600: 'reply' } }, 'calls.payments.statuses.600: write a code, or a hundred'],
    [
      { statuses: { 409: 'busy' as never } },
      '409: it is "busy", which is none of reply, in-progress',
    ],
    [
      { statuses: { 402: { reply: { state: 'NO' } } } },
      'calls.payments.statuses.402: its reply does not fit: cannot read pay.Reply: state is "NO"',
    ],
    [{ connectTimeout: 'soon' }, 'calls.payments.connect-timeout is "soon"'],
    [{ tls: {} }, 'calls.payments has "tls", but its url is not https'],
    [
      { url: 'https://a', tls: { ca: 'x' } },
      'calls.payments: tls.ca is not a PEM certificate: PEM begins with -----BEGIN',
    ],
    [
      { url: 'https://a', tls: { cert: selfSigned({ names: ['a'] }).cert } },
      'calls.payments: tls.cert is given without tls.key',
    ],
  ])('refuses %j', (options, message) => {
    expect(() => compile(options)).toThrow(message);
  });

  test('shows no secret of a header that it refuses', () => {
    const auth = { header: { name: 'x', value: 'secret\n' } };
    expect(() => compile({ auth })).toThrow(/^(?!.*secret)/);
  });
});

describe('the URL', () => {
  const path = (url: string, request: object, key = 'k') =>
    compile({ url }).destination.path(request, key);

  test.each([
    ['http://a', '/'],
    ['http://a/ü x?q=é#part', '/%C3%BC%20x?q=%C3%A9'],
    ['http://a/{order}', '/a%2Fb%3F%26%C3%BC'],
    ['http://a/x/{order}/y?c={customer.id}&k={idempotency-key}', '/x/a%2Fb%3F%26%C3%BC/y?c=7&k=k'],
    ['http://a?c={customer.id}', '/?c=7'],
  ])('of %s has the path %s', (url, expected) => {
    expect(path(url, { order: 'a/b?&ü', customer: { id: 7 } })).toBe(expected);
  });

  test.each(['', '.', '..'])('does not lead elsewhere by "%s"', (order) => {
    expect(() => path('http://a/x/{order}', { order })).toThrow(
      `"${order}" cannot be part of its URL`,
    );
  });

  test('is shown without its query', () => {
    expect(compile({ url: 'https://a:8443/x/{order}?k=secret' }).destination.shown).toBe(
      'https://a:8443/x/{order}',
    );
  });
});
