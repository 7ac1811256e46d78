import type { Serde } from '../../schemas/serde.ts';
import type { ChangelogRecord } from '../state/restore.ts';
import { awaitSchema, type SchemaWait } from './await-schema.ts';
import type { ReadRecord } from './changelog-reader.ts';
import { changelogRows } from './store-copy.ts';

/**
 * Rows of a changelog, of whose schemas none is met for the first time in the middle of a batch, where nothing can be fetched: a member of a newer release may
 * have written them after this one had started.
 */
export class MetRows {
  private readonly serde: Serde;
  private readonly wait: SchemaWait;
  /** Ids that were asked for: the registry may not know one, and what bears it fails where it is read. */
  private readonly asked = new Set<number>();

  constructor(valueSerde: Serde, wait: SchemaWait) {
    this.serde = valueSerde;
    this.wait = wait;
  }

  /** The rows of these records; a schema that is not at hand is fetched first, as long as `signal` is not aborted. */
  async rows(
    records: readonly ReadRecord[],
    signal: AbortSignal,
  ): Promise<readonly ChangelogRecord[]> {
    for (const { value } of records) {
      const id = value === null ? undefined : this.serde.unknownId?.(value, 0, value.length);
      if (id === undefined || this.asked.has(id)) continue;
      this.asked.add(id);
      await awaitSchema(id, this.wait, signal);
    }
    return changelogRows(records);
  }
}
