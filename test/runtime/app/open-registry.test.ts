import { createServer, type AddressInfo } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { serveRegistry } from '../../../runtime/app/open-registry.ts';
import { MemoryRegistry } from '../../../runtime/memory/memory-registry.ts';

afterEach(() => {
  vi.useRealTimers();
});

test('a registry that is closed while it asks for its port does not ask again', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => {
    taken.listen(0, '127.0.0.1', resolve);
  });
  const { port } = taken.address() as AddressInfo;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const served = await serveRegistry(new MemoryRegistry(), { serve: { port } }, () => {});
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(5000);
  await served.close();
  // The attempt under way fails behind that.
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(vi.getTimerCount()).toBe(0);
  taken.close();
});
