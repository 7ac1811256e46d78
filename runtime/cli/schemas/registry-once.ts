import type { ManagedRegistry } from '../../ports.ts';
import { openRegistryOf, type OpenCommandRegistry, type RegistryUse } from './registry-options.ts';

/** A registry that is opened when it is first asked for: what compares files needs none. */
export class RegistryOnce {
  private readonly use: RegistryUse;
  private opened: Promise<OpenCommandRegistry> | undefined;

  constructor(use: RegistryUse) {
    this.use = use;
  }

  /** @throws what {@link openRegistryOf} throws */
  async get(): Promise<ManagedRegistry> {
    this.opened ??= openRegistryOf(this.use);
    return (await this.opened).registry;
  }

  async close(): Promise<void> {
    // What could not be opened has been said.
    const opened = await this.opened?.catch(() => undefined);
    await opened?.close();
  }
}
