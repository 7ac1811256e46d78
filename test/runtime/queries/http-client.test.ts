import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { askHttp } from '../../../runtime/queries/http-client.ts';
import { ManualClock } from '../../../runtime/testing/manual-clock.ts';

describe('a question over HTTP', () => {
  const clock = new ManualClock();
  let server: Server;

  async function ask(listener: RequestListener, token?: string): Promise<unknown> {
    server = createServer(listener);
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as AddressInfo;
    return askHttp({ url: `http://127.0.0.1:${port}/x`, token, clock, timeoutMs: 5000 });
  }

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  test('brings the token, and gives status and JSON', async () => {
    const echo: RequestListener = ({ headers }, response) => {
      response.writeHead(404).end(JSON.stringify({ got: headers.authorization ?? null }));
    };
    expect(await ask(echo, 't')).toEqual({ status: 404, body: { got: 'Bearer t' } });
  });

  test('is given up when its time is over, also in the middle of an answer', async () => {
    const arrived = Promise.withResolvers<void>();
    const silent = ask((_, response) => {
      response.write('{"rows":');
      arrived.resolve();
    });
    const failed = expect(silent).rejects.toThrow('no answer within 5000 ms');
    await arrived.promise;
    clock.advanceTo(clock.now() + 5000);
    await failed;
    expect(clock.nextDue()).toBeUndefined();
  });

  test('says so where no member answers', async () => {
    await expect(ask((_, response) => response.end('<html>'))).rejects.toThrow(
      'what answers there is no member of an application',
    );
  });

  test('does not take the token to somewhere else', async () => {
    const asked: unknown[] = [];
    const elsewhere: RequestListener = ({ url }, response) => {
      asked.push(url);
      response.writeHead(302, { location: '/other' }).end();
    };
    await expect(ask(elsewhere, 't')).rejects.toThrow();
    expect(asked).toEqual(['/x']);
  });
});
