import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CallContext } from '../../../processors/call-handler.ts';
import { email } from '../../../processors/orders/email.ts';
import { messageIdOf } from '../../../processors/orders/mail/message-id.ts';
import { startMailStand } from './mail-stand.ts';
import type { MailStand } from './mail-stand.ts';

const request = { to: 'customer-1@shop.example', subject: 'Grüße', text: 'Dear customer,\n' };
const context = (change: Partial<CallContext> = {}): CallContext => ({
  idempotencyKey: 'mail-o1-PAID',
  signal: new AbortController().signal,
  attempt: 1,
  ...change,
});

let stand: MailStand;
beforeEach(async () => {
  stand = await startMailStand();
  process.env['SMTP_URL'] = stand.url;
});
afterEach(async () => {
  delete process.env['SMTP_URL'];
  await stand.stop();
});

/** A server that does as `talk` says with each connection. */
async function startTalker(talk: (socket: Socket) => void): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    talk(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  process.env['SMTP_URL'] = `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return server;
}

describe('email', () => {
  test('is SENT when the server has written the letter down', async () => {
    expect(await email(request, context())).toMatchObject({ state: 'SENT' });
    expect(await stand.book()).toEqual([
      {
        messageId: messageIdOf('mail-o1-PAID'),
        to: request.to,
        subject: expect.stringContaining('=?UTF-8?') as string,
        bytes: expect.any(Number) as number,
      },
    ]);
  });

  test('keeps the connection for the next letter', async () => {
    for (let i = 0; i < 5; i++) await email(request, context());
    expect(stand.connections()).toBe(1);
    expect(await stand.book()).toHaveLength(5);
  });

  test('gives each copy the same Message-ID', async () => {
    stand.fates.push({ latencyMs: 0, answer: 'cut' });
    await expect(email(request, context())).rejects.toMatchObject({ kind: 'unavailable' });
    await email(request, context({ attempt: 2 }));
    const ids = (await stand.book()).map(({ messageId }) => messageId);
    expect(ids).toEqual([messageIdOf('mail-o1-PAID'), messageIdOf('mail-o1-PAID')]);
  });

  test('is REFUSED when the server says never, and goes on with the next letter', async () => {
    stand.fates.push({ latencyMs: 0, answer: 'refused' });
    expect(await email(request, context())).toEqual({
      state: 'REFUSED',
      answer: '550 no such mailbox',
    });
    expect(await email(request, context())).toMatchObject({ state: 'SENT' });
    expect(await stand.book()).toHaveLength(1);
  });

  test('fails as not-sent when the server says not now', async () => {
    stand.fates.push({ latencyMs: 0, answer: 'deferred' });
    await expect(email(request, context())).rejects.toMatchObject({
      kind: 'not-sent',
      message: expect.stringContaining('451 come back later') as string,
    });
  });

  test('fails as not-sent when nobody listens', async () => {
    process.env['SMTP_URL'] = 'smtp://127.0.0.1:1';
    await expect(email(request, context())).rejects.toMatchObject({ kind: 'not-sent' });
  });

  test('fails as not-sent when an idle connection turns out to be gone, and then opens another', async () => {
    await email(request, context());
    const url = new URL(stand.url);
    await stand.stop();
    await expect(email(request, context())).rejects.toMatchObject({ kind: 'not-sent' });
    stand = await startMailStand();
    expect(new URL(stand.url).port).not.toBe(url.port);
    process.env['SMTP_URL'] = stand.url;
    expect(await email(request, context())).toMatchObject({ state: 'SENT' });
  });

  test('fails as a time-out when no answer to the letter comes in time', async () => {
    stand.fates.push({ latencyMs: 10_000, answer: 'taken' });
    const abort = new AbortController();
    const attempt = email(request, context({ signal: abort.signal }));
    // The server has the letter, and is thinking.
    const failed = expect(attempt).rejects.toMatchObject({ kind: 'timeout' });
    await expect.poll(() => stand.fates.length, { timeout: 10_000 }).toBe(0);
    abort.abort();
    await failed;
  });

  test('fails as not-sent when the server never greets in time', async () => {
    const server = await startTalker(() => {});
    const signal = AbortSignal.timeout(100);
    await expect(email(request, context({ signal }))).rejects.toMatchObject({ kind: 'not-sent' });
    server.close();
  });

  test('fails as not-sent when the server does not let us in', async () => {
    const server = await startTalker((socket) => socket.end('554 no service for you\r\n'));
    await expect(email(request, context())).rejects.toMatchObject({
      kind: 'not-sent',
      message: expect.stringContaining('554 no service for you') as string,
    });
    server.close();
  });

  test.each([
    [undefined, 'SMTP_URL is not set'],
    ['http://user:secret@host', 'SMTP_URL is no smtp URL'],
  ])('lets the letter wait while SMTP_URL is %s', async (url, message) => {
    if (url === undefined) delete process.env['SMTP_URL'];
    else process.env['SMTP_URL'] = url;
    const failed = await email(request, context()).catch((error: unknown) => error);
    expect(failed).toMatchObject({
      kind: 'not-sent',
      message: `${message}: set it to the URL of the mail server, such as smtp://127.0.0.1:2525`,
    });
  });
});
