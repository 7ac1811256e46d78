import {
  batchLastOffset,
  batchProducerId,
  isControlBatch,
  isTransactionalBatch,
} from '../codec/batch-header.ts';
import { readEndMarker } from '../codec/control-batch.ts';

/** A transaction that was aborted, as a Fetch response lists it for one partition. */
export interface AbortedTransaction {
  readonly producerId: number;
  /** Offset of its first record in the partition. */
  readonly firstOffset: number;
}

/**
 * Tells committed batches of one Fetch response and partition from those of aborted transactions. The broker lists every aborted transaction that
 * overlaps what it returned; a read goes to the last stable offset at most, so what is not aborted is committed.
 *
 * A producer is aborting from the first offset of one of its listed transactions until its abort marker, which is a control batch: a record that
 * merely looks like one is none. The marker may lie outside of what was fetched, before or behind.
 *
 * Source: Kafka `CompletedFetch.nextFetchedRecord`, 4.0.
 */
export class AbortFilter {
  /** By first offset. */
  private readonly listed: readonly AbortedTransaction[];
  private next = 0;
  private readonly aborting = new Set<number>();

  constructor(aborted: readonly AbortedTransaction[]) {
    this.listed =
      aborted.length < 2 ? aborted : aborted.toSorted((a, b) => a.firstOffset - b.firstOffset);
  }

  /**
   * True if the records of the batch are committed ones; false for those of an aborted transaction, and for control batches. Every batch of the response has to
   * be shown, in order.
   * @throws {StorageError} BATCH_CORRUPT for a damaged marker
   */
  admits(batch: Buffer): boolean {
    const producerId = batchProducerId(batch);
    if (producerId >= 0) this.activate(batchLastOffset(batch));
    if (isControlBatch(batch)) {
      if (this.aborting.has(producerId) && readEndMarker(batch) === 'abort') {
        this.aborting.delete(producerId);
      }
      return false;
    }
    return !(isTransactionalBatch(batch) && this.aborting.has(producerId));
  }

  private activate(lastOffset: number): void {
    for (; this.next < this.listed.length; this.next++) {
      const { producerId, firstOffset } = this.listed[this.next] as AbortedTransaction;
      if (firstOffset > lastOffset) return;
      this.aborting.add(producerId);
    }
  }
}
