import { seededRandom } from '../../topology/core/random.ts';
import type { ManagedRegistry } from '../ports.ts';
import { RegistryServer } from '../registry/registry-server.ts';
import { compileServeOptions } from '../registry/serve-options.ts';
import type { StoredRegistry } from '../registry/stored-registry.ts';
import { compileRegistryOptions } from '../registry/url-options.ts';
import { UrlRegistry } from '../registry/url-registry.ts';
import type { RegistryChoice } from './runner-file-registry.ts';
import { systemClock } from './system-clock.ts';

/** A registry in use. */
export interface OpenRegistry {
  readonly registry: ManagedRegistry;
  close(): Promise<void>;
}

/**
 * The registry of a choice; without a URL the log's `own`. Nothing is asked of it yet. `report` is told when it is waited for.
 * @throws {ConfigError} OPTION_REGISTRY, OPTION_TLS
 */
export function openRegistry(
  own: StoredRegistry,
  choice: RegistryChoice = {},
  report?: (message: string) => void,
): OpenRegistry {
  if (choice.url === undefined) return { registry: own, close: async () => {} };
  const registry = openUrlRegistry(choice.url, report);
  return { registry, close: async () => registry.close() };
}

/**
 * Refuses options that cannot be, before anything is opened.
 * @throws {ConfigError} OPTION_REGISTRY, OPTION_TLS
 */
export function checkRegistry(choice: RegistryChoice = {}): void {
  if (choice.url !== undefined) compileRegistryOptions(choice.url);
  if (choice.serve !== undefined) compileServeOptions(choice.serve);
}

/**
 * A registry by its URL. Nothing is asked of it yet. `report` is told when it is waited for.
 * @throws {ConfigError} OPTION_REGISTRY, OPTION_TLS
 */
export function openUrlRegistry(
  options: NonNullable<RegistryChoice['url']>,
  report?: (message: string) => void,
): UrlRegistry {
  return new UrlRegistry(compileRegistryOptions(options), {
    clock: systemClock,
    random: seededRandom(systemClock.now() + process.pid),
    report,
  });
}

/** How often a port that another process has is asked for again, ms. */
const againMs = 5000;

/**
 * Serves the log's own registry, where the choice says so. Applications of one folder may all say so: who comes second takes the port when the first has ended.
 * @throws {ConfigError} OPTION_REGISTRY, REGISTRY_LISTEN where the address cannot be had at all
 */
export async function serveRegistry(
  own: StoredRegistry,
  choice: RegistryChoice | undefined,
  report: (message: string) => void,
): Promise<{ close(): Promise<void> }> {
  if (choice?.serve === undefined) return { close: async () => {} };
  const options = compileServeOptions(choice.serve);
  let server: RegistryServer | undefined;
  let cancel = (): void => {};
  let closed = false;
  const listen = async (): Promise<void> => {
    server = await RegistryServer.listen(own, options);
    if (closed) await server.close();
    else report(`the schema registry is served at ${server.url}`);
  };
  const later = (): void => {
    cancel = systemClock.after(againMs, () => {
      // What another process has is no news the second time.
      listen().catch(() => {
        if (!closed) later();
      });
    });
  };
  try {
    await listen();
  } catch (error) {
    if (!isTaken(error)) throw error;
    report(`${(error as Error).message}. It is taken over when it is free`);
    later();
  }
  return {
    close: async () => {
      closed = true;
      cancel();
      await server?.close();
    },
  };
}

function isTaken(error: unknown): boolean {
  const { cause } = error as { readonly cause?: unknown };
  return (cause as NodeJS.ErrnoException | undefined)?.code === 'EADDRINUSE';
}
