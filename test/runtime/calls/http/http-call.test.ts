import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  type Answer,
  approve,
  context,
  httpCall,
  outcome,
  request,
  startService,
} from './service.ts';

const place = 'the service of call "payments" (http://HOST/charges)';

/** What came of one request to a service that answers so. */
async function asked(answer: Answer, options = {}): Promise<unknown> {
  const { url } = await startService(answer);
  return outcome(httpCall({ url, ...options }));
}

const status =
  (code: number, body = '', headers = {}): Answer =>
  (response) =>
    response.writeHead(code, headers).end(body);

/** Starts a server that does this with a connection when the first bytes come. */
async function startRaw(on: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => on(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/charges`;
}

describe('HttpCall', () => {
  test('posts the request as JSON with its key, and gives the reply', async () => {
    const service = await startService(approve);
    const call = httpCall({
      url: service.url,
      headers: { 'X-Shop': '7' },
      auth: { bearer: 'secret' },
    });
    expect(await call.handler(request, context())).toEqual({ state: 'APPROVED', lines: [] });
    const [got] = service.requests;
    expect(got).toMatchObject({
      method: 'POST',
      path: '/charges',
      headers: {
        'content-type': 'application/json',
        'idempotency-key': 'k1',
        'x-shop': '7',
        authorization: 'Bearer secret',
      },
    });
    expect(JSON.parse(got?.body ?? '')).toEqual(request);
  });

  test('puts fields of the request and the key into the URL, and leaves out a body', async () => {
    const service = await startService(approve);
    const call = httpCall({
      url: `${service.url}/{customer.id}/{order}?key={idempotency-key}`,
      method: 'GET',
      idempotencyHeader: 'none',
    });
    await call.handler(request, context());
    expect(service.requests[0]).toMatchObject({
      method: 'GET',
      path: '/charges/7/o%201?key=k1',
      body: '',
    });
    expect(service.requests[0]?.headers).not.toHaveProperty('idempotency-key');
    expect(service.requests[0]?.headers).not.toHaveProperty('content-type');
  });

  test('keeps its connection for the next request', async () => {
    const service = await startService(approve);
    const call = httpCall({ url: service.url });
    for (let i = 0; i < 3; i++) await call.handler(request, context());
    expect([service.requests.length, service.connections.length]).toEqual([3, 1]);
  });

  test('sends nothing that JSON has no number for', async () => {
    const service = await startService(approve);
    const call = httpCall({ url: service.url });
    await expect(call.handler({ ...request, cents: NaN }, context())).rejects.toThrow(
      'no request can be made for call "payments": cannot write JSON: cents is NaN, which JSON has no number for',
    );
    expect(service.requests).toEqual([]);
  });

  test.each([
    ['charge-o1', 'charge-o1'],
    ['50% off', '50%25%20off'],
    ['größe 日\n', 'gr%C3%B6%C3%9Fe%20%E6%97%A5%0A'],
  ])('sends the key %j as %s', async (idempotencyKey, header) => {
    const service = await startService(approve);
    await httpCall({ url: service.url }).handler(request, { ...context(), idempotencyKey });
    expect(service.requests[0]?.headers['idempotency-key']).toBe(header);
  });

  test('sends nothing under an empty key', async () => {
    const service = await startService(approve);
    const sent = httpCall({ url: service.url }).handler(request, {
      ...context(),
      idempotencyKey: '',
    });
    await expect(sent).rejects.toMatchObject({
      code: 'CALL_REQUEST',
      message: 'no request can be made for call "payments": its idempotency key is empty',
    });
    expect(service.requests).toEqual([]);
  });

  test.each([
    [409, 'CALL_IN_PROGRESS', ''],
    [408, 'CALL_UNAVAILABLE', ''],
    [429, 'CALL_UNAVAILABLE', ''],
    [500, 'CALL_UNAVAILABLE', ''],
    [503, 'CALL_UNAVAILABLE', ''],
    [425, 'CALL_NOT_SENT', ''],
    [401, 'CALL_NOT_SENT', ': look at calls.payments.auth'],
    [404, 'CALL_REFUSED', ''],
    [422, 'CALL_REFUSED', ''],
    [304, 'CALL_UNKNOWN', ''],
    [777, 'CALL_UNKNOWN', ''],
  ])('takes status %i for %s', async (code, failure, hint) => {
    const message = `${place} answered ${code} to "k1"${hint}`;
    expect(await asked(status(code))).toEqual({ code: failure, message });
  });

  test('shows the beginning of what a service says about its refusal', async () => {
    const body = `no such\n card\u0000${'x'.repeat(300)}`;
    expect(await asked(status(422, body))).toEqual({
      code: 'CALL_REFUSED',
      message: `${place} answered 422 to "k1": no such card ${'x'.repeat(186)}…`,
    });
  });

  test('gives a fixed reply for a status, whatever the body', async () => {
    const statuses = { 402: { reply: { state: 'DECLINED', lines: [1] } } };
    expect(await asked(status(402, '<html>'), { statuses })).toEqual({
      reply: { state: 'DECLINED', lines: [1] },
    });
  });

  test('does not follow a redirection', async () => {
    const other = await startService(approve);
    const answer = status(307, '', { location: `${other.url}?token=secret` });
    expect(await asked(answer)).toEqual({
      code: 'CALL_UNKNOWN',
      message: `${place} answered 307 to "k1", a redirection to http://HOST/charges, which is not followed: if it is right, write it as the url`,
    });
    expect(other.requests).toEqual([]);
  });

  test.each([
    ['3', 3000],
    ['86400', 300_000],
    ['0', undefined],
    ['soon', undefined],
    [new Date(0).toUTCString(), undefined],
  ])('heeds Retry-After: %s', async (written, retryAfterMs) => {
    const answered = await asked(status(503, '', { 'retry-after': written }));
    expect((answered as { retryAfterMs?: number }).retryAfterMs).toBe(retryAfterMs);
  });

  test('heeds a Retry-After that is a date, by the clock on the wall', async () => {
    const until = new Date(Date.now() + 60_000).toUTCString();
    const answered = await asked(status(503, '', { 'retry-after': until }));
    const { retryAfterMs = 0 } = answered as { retryAfterMs?: number };
    expect(retryAfterMs).toBeGreaterThan(50_000);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  test.each([
    ['', ', which is no JSON'],
    ['<html>Welcome</html>', ', which is no JSON: <html>Welcome</html>'],
    [
      '"APPROVED"',
      ', which is no reply: cannot read pay.Reply: it is "APPROVED", which is no pay.Reply',
    ],
    [
      '{"state":"MAYBE"}',
      ', which is no reply: cannot read pay.Reply: state is "MAYBE", which is no pay.State',
    ],
    [
      '{"state":"APPROVED","lines":[1,2.5]}',
      ', which is no reply: cannot read pay.Reply: lines.1 is 2.5, which is no long',
    ],
    [
      '{"state":"APPROVED","lines":[9007199254740993]}',
      ', which is no reply: cannot read pay.Reply: lines.0 is 9007199254740992, which is beyond the range in which numbers are exact',
    ],
  ])('does not know what happened where the body is %s', async (body, reason) => {
    expect(await asked(status(200, body))).toEqual({
      code: 'CALL_UNKNOWN',
      message: `${place} answered 200 to "k1"${reason}`,
    });
  });

  test('does not take bytes that are no UTF-8 for a reply', async () => {
    const answered = await asked((response) => response.end(Buffer.from([0x22, 0xff, 0xfe, 0x22])));
    expect(answered).toMatchObject({ code: 'CALL_UNKNOWN' });
  });

  test('does not unpack what it did not ask to be packed', async () => {
    const answer: Answer = (response) =>
      response.setHeader('content-encoding', 'gzip').end('{ "state": "APPROVED" }');
    expect(await asked(answer)).toEqual({
      code: 'CALL_UNKNOWN',
      message: `${place} answered 200 to "k1", compressed (gzip), which it was not asked for`,
    });
  });

  test('takes a connection that breaks in the body for unavailable', async () => {
    const answer: Answer = (response) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write('{ "state": "APPROVED" }', () => response.destroy());
    };
    expect(await asked(answer)).toEqual({
      code: 'CALL_UNAVAILABLE',
      message: `${place} answered 200 to "k1", and the connection broke in the answer`,
    });
  });

  test('goes by the status where the body of a refusal breaks off', async () => {
    const answer: Answer = (response) => {
      response.writeHead(422, { 'content-length': 1000 });
      response.write('no such card', () => response.destroy());
    };
    expect(await asked(answer)).toEqual({
      code: 'CALL_REFUSED',
      message: `${place} answered 422 to "k1": no such card`,
    });
  });

  test('cuts off a reply that is too large, and closes the connection', async () => {
    let written = 0;
    const chunk = Buffer.alloc(64 * 1024, ' ');
    const service = await startService((response) => {
      const more = (): void => {
        while (!response.destroyed && written < 100_000_000) {
          written += chunk.length;
          if (!response.write(chunk)) return;
        }
        response.end();
      };
      response.on('drain', more);
      more();
    });
    const closed = (): Promise<void> =>
      new Promise((resolve) => {
        const [socket] = service.connections;
        if (socket?.destroyed !== false) resolve();
        else socket.on('close', () => resolve());
      });
    expect(await outcome(httpCall({ url: service.url }))).toEqual({
      code: 'CALL_UNKNOWN',
      message: `${place} answered 200 to "k1", with more than 1048576 bytes, which max-reply allows`,
    });
    await closed();
    // What the sockets of both sides hold comes on top.
    expect(written).toBeLessThan(20_000_000);
  });

  test('reads nothing of a reply that says that it is too large', async () => {
    const answer: Answer = (response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('{');
    };
    expect(await asked(answer, { maxReply: 99 })).toMatchObject({ code: 'CALL_UNKNOWN' });
  });

  test('takes a reply of just the size that is allowed', async () => {
    const body = '{"state":"APPROVED"}';
    expect(await asked(status(200, body), { maxReply: body.length })).toHaveProperty('reply');
    const { length } = body;
    expect(await asked(status(200, body), { maxReply: length - 1 })).toMatchObject({
      code: 'CALL_UNKNOWN',
    });
  });

  test.each([
    ['nothing', () => {}],
    [
      'a head alone',
      (socket: Socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{'),
    ],
  ])('gives up a service that says %s when the time is over', async (_, on) => {
    const abort = new AbortController();
    const url = await startRaw((socket) => {
      on(socket);
      setTimeout(() => abort.abort(), 50);
    });
    expect(await outcome(httpCall({ url }), abort.signal)).toEqual({
      code: 'CALL_TIMEOUT',
      message: `${place} did not answer in time`,
    });
  });

  test('takes a service that closes at once for unavailable', async () => {
    const url = await startRaw((socket) => socket.destroy());
    expect(await outcome(httpCall({ url }))).toEqual({
      code: 'CALL_UNAVAILABLE',
      message: `${place} went away without an answer: socket hang up`,
    });
  });

  test.each([
    ['no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n', 'gave an answer that is no HTTP'],
    ['too long a head', `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 'Header overflow'],
    [
      'another protocol',
      'HTTP/1.1 101 OK\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
      'went away',
    ],
  ])('takes a service that speaks %s for unavailable', async (_, text, reason) => {
    const url = await startRaw((socket) => socket.end(text));
    const answered = await outcome(httpCall({ url }));
    expect(answered).toMatchObject({ code: 'CALL_UNAVAILABLE' });
    expect((answered as { message: string }).message).toContain(reason);
  });

  test('has not sent what nobody listens for', async () => {
    expect(await outcome(httpCall({ url: 'http://127.0.0.1:21499/charges' }))).toEqual({
      code: 'CALL_NOT_SENT',
      message: `${place} is not reached: connect ECONNREFUSED HOST`,
    });
  });

  test('has not sent to a host that nobody knows', async () => {
    const answered = await outcome(httpCall({ url: 'http://no-such-host.invalid/charges' }));
    expect(answered).toMatchObject({ code: 'CALL_NOT_SENT' });
  });
});
