import { afterAll } from 'vitest';
import { MemoryRegistry } from '../../../runtime/memory/memory-registry.ts';
import { RegistryServer } from '../../../runtime/registry/registry-server.ts';
import { compileServeOptions } from '../../../runtime/registry/serve-options.ts';
import type { StoredRegistry } from '../../../runtime/registry/stored-registry.ts';
import {
  compileRegistryOptions,
  type RegistryOptions,
} from '../../../runtime/registry/url-options.ts';
import { UrlRegistry } from '../../../runtime/registry/url-registry.ts';
import { seededRandom } from '../../../topology/core/random.ts';
import { realClock } from '../log-harness.ts';

const closers: (() => unknown)[] = [];

afterAll(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** Serves a registry on a free port until the tests of the file are over. */
export async function serve(
  registry: StoredRegistry = new MemoryRegistry(),
  options: { readonly token?: string } = {},
): Promise<RegistryServer> {
  const server = await RegistryServer.listen(
    registry,
    compileServeOptions({ port: 0, ...options }),
  );
  closers.push(() => server.close());
  return server;
}

/** A client of a registry at a URL, until the tests of the file are over. */
export function client(url: string, options: Partial<RegistryOptions> = {}): UrlRegistry {
  const registry = new UrlRegistry(
    compileRegistryOptions({ url, timeout: '5s', patience: '2s', ...options }),
    { clock: realClock, random: seededRandom(1) },
  );
  closers.push(() => registry.close());
  return registry;
}
