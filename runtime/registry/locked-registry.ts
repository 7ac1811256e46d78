import { sameSchema } from '../../schemas/index.ts';
import { ConfigError } from '../../topology/core/errors.ts';
import type { RegisterOptions, SchemaRegistry } from '../ports.ts';
import type { SchemaLock } from './lock-file.ts';

type Versions = readonly (readonly [version: number, id: number])[];

export interface LockedRegistryOptions {
  readonly lock: SchemaLock;
  /** How the lock file is called, for messages. */
  readonly file: string;
  /** Registry of subjects that nobody shares: of changelogs and repartition topics. */
  readonly own: SchemaRegistry;
  /** Added to the ids of `own`, so that they are none of the lock's. */
  readonly ownFrom: number;
}

/**
 * What a lock file says, in place of a registry that cannot be reached. Nothing of it can be changed; subjects of an application's own are kept beside it.
 */
export class LockedRegistry implements SchemaRegistry {
  private readonly options: LockedRegistryOptions;

  constructor(options: LockedRegistryOptions) {
    this.options = options;
  }

  /** @throws {ConfigError} LOCK_LACKS where the lock has no such schema under the subject */
  async register(subject: string, schema: string, options: RegisterOptions = {}): Promise<number> {
    const { lock, file, own, ownFrom } = this.options;
    const locked = lock.subjects.get(subject);
    const known = locked?.versions.findLast(({ id }) =>
      sameSchema(lock.schemas.get(id) as string, schema),
    );
    if (known !== undefined) return known.id;
    if (locked === undefined && options.unchecked === true) {
      return ownFrom + (await own.register(subject, schema, options));
    }
    throw new ConfigError(
      'LOCK_LACKS',
      `${file} has no version of "${subject}" with the schema at hand, and there is no registry to register it (registry.offline): ` +
        'do "millrace schemas register" and "millrace schemas pull" where there is one',
    );
  }

  async schema(id: number): Promise<string | undefined> {
    const { lock, own, ownFrom } = this.options;
    const locked = lock.schemas.get(id);
    if (locked !== undefined) return locked;
    return id > ownFrom ? own.schema(id - ownFrom) : undefined;
  }

  async versions(subject: string): Promise<Versions> {
    const { lock, own, ownFrom } = this.options;
    const locked = lock.subjects.get(subject);
    if (locked !== undefined) return locked.versions.map(({ version, id }) => [version, id]);
    return (await own.versions(subject)).map(([version, id]) => [version, id + ownFrom]);
  }

  async subjects(): Promise<readonly string[]> {
    const { lock, own } = this.options;
    return [...new Set([...lock.subjects.keys(), ...(await own.subjects())])].sort();
  }
}
