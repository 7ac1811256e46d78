import { afterAll } from 'vitest';
import { compileRegistryOptions } from '../../runtime/registry/url-options.ts';
import { UrlRegistry } from '../../runtime/registry/url-registry.ts';
import { seededRandom } from '../../topology/core/random.ts';
import { realClock } from '../runtime/log-harness.ts';
import { describeRegistryContract } from '../runtime/registry-contract.ts';
import { requireRegistry } from './harness/require.ts';

const registry = requireRegistry();
const clients: UrlRegistry[] = [];

afterAll(() => {
  for (const client of clients) client.close();
});

describeRegistryContract('a real registry', async () => {
  const client = new UrlRegistry(compileRegistryOptions({ url: registry().url }), {
    clock: realClock,
    random: seededRandom(1),
  });
  clients.push(client);
  return client;
});
