import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { RegistryOptions } from '../../../runtime/registry/url-options.ts';
import { selfSigned, type TestCertificate } from '../calls/http/certificate.ts';
import { record } from '../registry-contract.ts';
import { client, serve } from './served.ts';

const good = selfSigned({ names: ['localhost', '127.0.0.1'] });
const stranger = selfSigned({ names: ['elsewhere.example.com'] });
const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A registry that knows one schema, over TLS. */
async function serveTls(certificate: TestCertificate): Promise<string> {
  const server = createServer(certificate, (request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ schema: record('a') }));
  });
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function ask(url: string, tls: NonNullable<RegistryOptions['tls']>): Promise<string | undefined> {
  return client(url, { tls, patience: '30s' }).schema(1);
}

describe('a registry over TLS', () => {
  test('is asked where its authority is named', async () => {
    expect(await ask(await serveTls(good), { ca: good.cert })).toBe(record('a'));
  });

  test('is asked by the name in its certificate', async () => {
    const tls = { ca: stranger.cert, servername: 'elsewhere.example.com' };
    expect(await ask(await serveTls(stranger), tls)).toBe(record('a'));
  });

  test('says that http is spoken where https was to be', async () => {
    const { url } = await serve();
    const secure = url.replace('http:', 'https:');
    await expect(client(secure, { patience: '0s' }).schema(1)).rejects.toThrow(
      `the schema registry at ${secure} cannot be used: it does not speak TLS there (EPROTO): is it http instead of https? Check that it runs and that registry.url is right`,
    );
  });

  test.each([
    ['of an unknown authority', good, {}, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['of another host', stranger, { ca: stranger.cert }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ] as const)('is refused at once with a certificate %s', async (_, certificate, tls, code) => {
    const url = await serveTls(certificate);
    await expect(ask(url, tls)).rejects.toMatchObject({
      code: 'REGISTRY_CERTIFICATE',
      message: expect.stringContaining(
        `the certificate of the schema registry at ${url} is not trusted here: `,
      ) as string,
    });
    await expect(ask(url, tls)).rejects.toThrow(code);
  });
});
