import type { ManagedRegistry } from '../../ports.ts';
import {
  openRegistryOf,
  type OpenCommandRegistry,
  type RegistryCommandOptions,
} from './registry-options.ts';

/** A registry that is opened when it is first asked for: what compares files needs none. */
export class RegistryOnce {
  private readonly options: RegistryCommandOptions;
  private opened: Promise<OpenCommandRegistry> | undefined;

  constructor(options: RegistryCommandOptions) {
    this.options = options;
  }

  /** @throws what {@link openRegistryOf} throws */
  async get(): Promise<ManagedRegistry> {
    this.opened ??= openRegistryOf(this.options);
    return (await this.opened).registry;
  }

  async close(): Promise<void> {
    // What could not be opened has been said.
    const opened = await this.opened?.catch(() => undefined);
    await opened?.close();
  }
}
