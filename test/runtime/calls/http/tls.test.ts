import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { selfSigned } from './certificate.ts';
import { approve, httpCall, outcome, startService } from './service.ts';

const place = 'the service of call "payments" (https://HOST/charges) is not reached: ';
const names = ['localhost', '127.0.0.1'];
const good = selfSigned({ names });
const stranger = selfSigned({ names: ['elsewhere.example.com'] });
const old = selfSigned({ names, to: 2021 });
const early = selfSigned({ names, from: 2089 });

describe('HttpCall over TLS', () => {
  test('asks a service whose authority it was told', async () => {
    const service = await startService(approve, good);
    const call = httpCall({ url: service.url, tls: { ca: good.cert } });
    expect(await outcome(call)).toHaveProperty('reply');
    expect(await outcome(call)).toHaveProperty('reply');
    expect([service.requests.length, service.connections.length]).toEqual([2, 1]);
  });

  test('asks a service by the name in its certificate', async () => {
    const service = await startService(approve, stranger);
    const tls = { ca: stranger.cert, servername: 'elsewhere.example.com' };
    expect(await outcome(httpCall({ url: service.url, tls }))).toHaveProperty('reply');
  });

  test.each([
    [
      'of an authority that it does not know',
      good,
      {},
      'its certificate is of an authority that is not trusted here (DEPTH_ZERO_SELF_SIGNED_CERT): ' +
        "name the authority's PEM file as calls.payments.tls.ca",
    ],
    [
      'for another host',
      stranger,
      { tls: { ca: stranger.cert } },
      'its certificate is for DNS:elsewhere.example.com: mend the host in the url, ' +
        'or name one of these as calls.payments.tls.servername',
    ],
    [
      'that has expired',
      old,
      { tls: { ca: old.cert } },
      'its certificate has expired: the service needs a new one (or the clock of this machine is wrong)',
    ],
    [
      'that is not valid yet',
      early,
      { tls: { ca: early.cert } },
      'its certificate is not valid yet: set the clock of this machine, if it is wrong',
    ],
  ])(
    'sends nothing to a service with a certificate %s',
    async (_, certificate, options, reason) => {
      const service = await startService(approve, certificate);
      expect(await outcome(httpCall({ url: service.url, ...options }))).toEqual({
        code: 'CALL_NOT_SENT',
        message: place + reason,
      });
      expect(service.requests).toEqual([]);
    },
  );

  test('sends not a byte before the certificate is found right', async () => {
    let bytes = 0;
    const server = createTlsServer({ ...good }, (socket) => {
      socket.on('data', (chunk: Buffer) => (bytes += chunk.length));
      socket.on('error', () => {});
    });
    const ended = new Promise<void>((resolve) => {
      server.on('tlsClientError', () => resolve());
      server.on('secureConnection', (socket) => socket.on('close', () => resolve()));
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    onTestFinished(() => {
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const call = httpCall({ url: `https://127.0.0.1:${port}/charges` });
    expect(await outcome(call)).toMatchObject({ code: 'CALL_NOT_SENT' });
    await ended;
    expect(bytes).toBe(0);
  });

  test('has not sent where no TLS comes about', async () => {
    const service = await startService(approve);
    const call = httpCall({ url: service.url.replace('http:', 'https:') });
    const answered = (await outcome(call)) as { code: string; message: string };
    expect(answered.code).toBe('CALL_NOT_SENT');
    expect(answered.message).toMatch(
      /^.* no TLS came about \(wrong version number\): is there https at this port\?$/,
    );
    expect(service.requests).toEqual([]);
  });

  test('has not sent where a connection is not made in time', async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => sockets.push(socket));
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const url = `https://127.0.0.1:${port}/charges`;
    expect(await outcome(httpCall({ url, connectTimeout: 50 }))).toEqual({
      code: 'CALL_NOT_SENT',
      message: `${place}no connection within 50 ms`,
    });
  });

  test('shows its own certificate to a service that asks for one', async () => {
    const client = selfSigned({ names: ['client'] });
    const service = await startService(approve, {
      ...good,
      requestCert: true,
      ca: client.cert,
    } as typeof good);
    const tls = { ca: good.cert, cert: client.cert, key: client.key };
    expect(await outcome(httpCall({ url: service.url, tls }))).toHaveProperty('reply');
    const without = httpCall({ url: service.url, tls: { ca: good.cert } });
    expect(await outcome(without)).not.toHaveProperty('reply');
    expect(service.requests).toHaveLength(1);
  });
});
