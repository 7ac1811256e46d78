import type { ChangelogRecord } from '../state/restore.ts';
import { awaitSchema, type SchemaWait } from './await-schema.ts';
import type { ReadRecord } from './changelog-reader.ts';
import { changelogRows } from './store-copy.ts';

type UnknownId = (value: Buffer) => number | undefined;

/**
 * Rows of a changelog, of whose schemas none is met for the first time in the middle of a batch, where nothing can be fetched: a member of a newer release may
 * have written them after this one had started.
 */
export class MetRows {
  private readonly unknownId: UnknownId;
  private readonly wait: SchemaWait;
  /** Ids that were asked for: the registry may not know one, and what bears it fails where it is read. */
  private readonly asked = new Set<number>();

  /** `unknownId` tells of a row's value a schema that is not at hand. */
  constructor(unknownId: UnknownId, wait: SchemaWait) {
    this.unknownId = unknownId;
    this.wait = wait;
  }

  /** The rows of these records; a schema that is not at hand is fetched first, as long as `signal` is not aborted. */
  async rows(
    records: readonly ReadRecord[],
    signal: AbortSignal,
  ): Promise<readonly ChangelogRecord[]> {
    for (const { value } of records) {
      if (value === null) continue;
      // A row of a call journal may bear several.
      for (;;) {
        const id = this.unknownId(value);
        if (id === undefined || this.asked.has(id)) break;
        this.asked.add(id);
        await awaitSchema(id, this.wait, signal);
      }
    }
    return changelogRows(records);
  }
}
