import { batchBaseOffset, batchLastOffset } from '../codec/batch-header.ts';
import { RecordBatchReader } from '../codec/batch-reader.ts';

/**
 * Finds records again by their offsets, in batches that are in order of theirs. It stays where the last one was: a run of ascending offsets costs one walk over the
 * batches, however many records are asked for.
 */
export class RawLookup {
  private readonly reader = new RecordBatchReader();
  /** The batch that the reader is in; undefined: in none. */
  private batch: Buffer | undefined;
  /** Its place among the batches, as of the last look-up. */
  private at = 0;

  /** A reader that stands on the record of this offset, until the next call; undefined: no batch has it. `last` is a batch behind all others. */
  find(
    offset: number,
    batches: readonly Buffer[],
    last: Buffer | undefined,
  ): RecordBatchReader | undefined {
    const batch = this.batchOf(offset, batches, last);
    if (batch === undefined) return undefined;
    const { reader } = this;
    if (batch !== this.batch || reader.offset > offset) {
      this.batch = batch;
      reader.openChecked(batch);
      reader.offset = -1;
    }
    while (reader.offset < offset) {
      if (reader.next()) continue;
      this.close();
      return undefined;
    }
    return reader.offset === offset ? reader : undefined;
  }

  /** Lets go of all batches but this one, which is the first from now on. */
  keepOnly(batch: Buffer | undefined): void {
    if (batch === undefined || this.batch !== batch) this.close();
    this.at = 0;
  }

  /** Lets go of the batches. */
  close(): void {
    this.reader.close();
    this.batch = undefined;
    this.at = 0;
  }

  /** The batch that spans the offset: the one of the last look-up, or those behind it, or, where none does, those before it. */
  private batchOf(
    offset: number,
    batches: readonly Buffer[],
    last: Buffer | undefined,
  ): Buffer | undefined {
    const count = batches.length + (last === undefined ? 0 : 1);
    for (let tried = 0; tried < count; tried++) {
      const at = (this.at + tried) % count;
      const batch = batches[at] ?? last;
      if (batch === undefined) break;
      if (offset < batchBaseOffset(batch) || offset > batchLastOffset(batch)) continue;
      this.at = at;
      return batch;
    }
    return undefined;
  }
}
