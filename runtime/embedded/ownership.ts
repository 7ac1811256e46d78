import { applicationOwned, fenced } from '../log/log-errors.ts';
import { storedJson } from './environment.ts';
import type { Environment } from './environment.ts';
import { namedKey } from './keys.ts';
import { isAlive, isOutOfSight, thisProcess } from './process-identity.ts';
import type { ProcessIdentity } from './process-identity.ts';

/** Who owns an application on this log. */
interface Owner extends ProcessIdentity {
  readonly memberId: string;
  readonly generation: number;
  /** ms since epoch. */
  readonly sinceMs: number;
  readonly left: boolean;
}

/** The owner's lock of each application, decided inside write transactions. */
export class Owners {
  private readonly environment: Environment;

  constructor(environment: Environment) {
    this.environment = environment;
  }

  /**
   * Makes this process the owner and returns the generation. A dead owner's place is taken at once.
   * @throws {ConfigError} APPLICATION_OWNED naming the process that has it
   */
  take(group: string, memberId: string, nowMs: number): number {
    return this.environment.write(() => {
      const present = this.read(group);
      if (present !== undefined && !present.left && isAlive(present)) {
        const since = new Date(present.sinceMs).toISOString();
        throw applicationOwned(group, `process ${present.pid} has it since ${since}`);
      }
      const generation = (present?.generation ?? 0) + 1;
      this.store(group, { ...thisProcess(), memberId, generation, sinceMs: nowMs, left: false });
      return generation;
    });
  }

  /** Gives the application up, if the member still has it. */
  release(group: string, memberId: string): void {
    this.environment.write(() => {
      const present = this.read(group);
      if (present?.memberId === memberId) this.store(group, { ...present, left: true });
    });
  }

  /**
   * Checks inside a transaction that the member is the owner (invariant E6).
   * @throws {TaskMigratedError} FENCED
   */
  check(group: string, memberId: string): void {
    const present = this.read(group);
    if (present?.memberId !== memberId || present.left) {
      throw fenced(group, `member "${memberId}" is not in it`);
    }
  }

  /** True when a live process owns the application. */
  isActive(group: string): boolean {
    return this.holder(group) !== undefined;
  }

  /** The live process that owns the application; undefined: none does. */
  holder(group: string): { readonly pid: number; readonly sinceMs: number } | undefined {
    const present = this.read(group);
    if (present === undefined || present.left || !isAlive(present)) return undefined;
    return { pid: present.pid, sinceMs: present.sinceMs };
  }

  /** Id of the owner's process if that cannot be seen from here; {@link take} takes it for dead. */
  outOfSight(group: string): number | undefined {
    const present = this.read(group);
    if (present === undefined || present.left || !isOutOfSight(present)) return undefined;
    return present.pid;
  }

  private read(group: string): Owner | undefined {
    const bytes = this.environment.get(namedKey('owner', group));
    return bytes === undefined ? undefined : (storedJson(this.environment.path, bytes) as Owner);
  }

  private store(group: string, owner: Owner): void {
    this.environment.put(namedKey('owner', group), Buffer.from(JSON.stringify(owner)));
  }
}
