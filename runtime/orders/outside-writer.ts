import { commitAgain } from '../log/commit-again.ts';
import type { Append, Log, Membership, Transactor } from '../ports.ts';

const ignore = (): Promise<void> => Promise.resolve();

/** Writes to topics from outside of any application, one transaction at a time. */
export class OutsideWriter {
  readonly #membership: Membership;
  readonly #transactor: Transactor;

  private constructor(membership: Membership, transactor: Transactor) {
    this.#membership = membership;
    this.#transactor = transactor;
  }

  /**
   * Opens a writer; one of each name writes at a time.
   * @throws {ConfigError} APPLICATION_OWNED when another process has the name
   */
  static async open(log: Log, name: string): Promise<OutsideWriter> {
    const ownership = { assigned: ignore, revoked: ignore, lost: ignore };
    const membership = await log.join({ group: name, topics: [], slot: name }, ownership);
    try {
      return new OutsideWriter(membership, await log.transactor(name));
    } catch (error) {
      await membership.leave();
      throw error;
    }
  }

  /** Resolves when all of it is committed. */
  async write(appends: readonly Append[]): Promise<void> {
    await commitAgain(this.#transactor, { appends, positions: [] }, this.#membership);
  }

  async close(): Promise<void> {
    try {
      await this.#transactor.close();
    } finally {
      await this.#membership.leave();
    }
  }
}
