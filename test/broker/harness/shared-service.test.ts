import { afterEach, describe, expect, test } from 'vitest';
import { askShared, serveShared, type SharedService, takeLease } from './shared-service.ts';

let service: SharedService | undefined;

afterEach(async () => {
  await service?.close();
});

describe('serveShared', () => {
  test('starts a thing when it is first asked for, once, and ends it', async () => {
    let [starts, ends] = [0, 0];
    service = await serveShared({
      thing: {
        start: async () => ({
          answer: { number: ++starts },
          close: async () => {
            ends++;
          },
        }),
      },
    });
    expect(service.started).toEqual([]);
    const { url } = service;
    const answers = await Promise.all([askShared(url, 'thing'), askShared(url, 'thing')]);
    expect(answers).toEqual([{ number: 1 }, { number: 1 }]);
    expect(service.started).toEqual(['thing']);
    await service.close();
    service = undefined;
    expect([starts, ends]).toEqual([1, 1]);
  });

  test('hands the error on where a thing does not start', async () => {
    service = await serveShared({
      thing: { start: () => Promise.reject(new Error('node 1 ended')) },
    });
    await expect(askShared(service.url, 'thing')).rejects.toThrow('node 1 ended');
    await expect(askShared(service.url, 'other')).rejects.toThrow('nothing shared is called');
    await service.close();
    service = undefined;
  });

  test('gives the lease to one at a time, in the order in which they asked', async () => {
    service = await serveShared({});
    const { url } = service;
    const order: string[] = [];
    const first = await takeLease(url);
    const second = takeLease(url).then((release) => {
      order.push('second');
      return release;
    });
    order.push('first gives back');
    first();
    (await second)();
    (await takeLease(url))();
    expect(order).toEqual(['first gives back', 'second']);
  });
});
