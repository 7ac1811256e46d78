import {
  batchLayout,
  assignBaseOffset,
  batchAttributes,
} from '../../../runtime/codec/batch-header.ts';
import { sealBatch } from '../../../runtime/codec/batch-seal.ts';
import type { AbortedTransaction } from '../../../runtime/kafka/abort-filter.ts';
import { batchOf, plain } from '../codec/records.ts';
import type { PlainRecord } from '../codec/records.ts';

interface Entry {
  readonly batch: Buffer;
  readonly first: number;
  readonly last: number;
}

interface Open {
  readonly first: number;
  readonly values: string[];
}

/** One partition as a broker keeps it, with transactions and their markers, and the answer of a Fetch. */
export class ModelPartition {
  private readonly entries: Entry[] = [];
  private readonly open = new Map<number, Open>();
  private readonly aborted: (AbortedTransaction & { readonly last: number })[] = [];
  /** Values of committed records, with their offsets. */
  readonly committed: (readonly [offset: number, value: string])[] = [];
  end = 0;

  /** Appends records; −1: without a transaction. */
  append(producerId: number, ...records: readonly PlainRecord[]): void {
    const batch = batchOf(...records);
    const transactional = producerId >= 0;
    sealBatch(batch, { producerId, epoch: 0, baseSequence: 0, transactional });
    const values = records.map((it) => String(it.value));
    if (transactional) {
      const open = this.open.get(producerId) ?? { first: this.end, values: [] };
      values.forEach((value, i) => open.values.push(`${this.end + i}=${value}`));
      this.open.set(producerId, open);
    } else {
      values.forEach((value, i) => this.committed.push([this.end + i, value]));
    }
    this.store(batch, records.length);
  }

  /** Ends the producer's transaction with a marker, if it has one. */
  finish(producerId: number, how: 'commit' | 'abort'): void {
    const open = this.open.get(producerId);
    if (open === undefined) return;
    this.open.delete(producerId);
    if (how === 'abort') {
      this.aborted.push({ producerId, firstOffset: open.first, last: this.end });
    } else {
      for (const text of open.values) {
        const [offset, value] = text.split('=') as [string, string];
        this.committed.push([Number(offset), value]);
      }
    }
    this.store(markerBatch(producerId, how === 'commit' ? 1 : 0), 1);
  }

  get lastStableOffset(): number {
    return Math.min(this.end, ...[...this.open.values()].map(({ first }) => first));
  }

  /** The whole batches from the one with `offset` on that fit into `bytes` and lie below the last stable offset, and what a broker lists with them. */
  fetch(offset: number, bytes: number): { records: Buffer; aborted: AbortedTransaction[] } {
    const stable = this.lastStableOffset;
    const taken: Entry[] = [];
    let total = 0;
    for (const entry of this.entries) {
      if (entry.last < offset) continue;
      if (entry.first >= stable || (taken.length > 0 && total + entry.batch.length > bytes)) break;
      taken.push(entry);
      total += entry.batch.length;
    }
    const end = taken.at(-1)?.last ?? offset;
    const aborted = this.aborted.filter(
      (it) => it.last >= offset && it.firstOffset <= end && taken.length > 0,
    );
    return {
      records: Buffer.concat(taken.map((it) => it.batch)),
      aborted: aborted.map(({ producerId, firstOffset }) => ({ producerId, firstOffset })),
    };
  }

  private store(batch: Buffer, count: number): void {
    assignBaseOffset(batch, this.end);
    this.entries.push({ batch, first: this.end, last: this.end + count - 1 });
    this.end += count;
  }
}

/** A control batch with one record of this type: 0 abort, 1 commit, others as they come. */
export function markerBatch(producerId: number, type: number): Buffer {
  const key = Buffer.from([0, 0, 0, type]);
  const batch = batchOf({ ...plain('', '', 0), key, value: Buffer.alloc(6) });
  const attributes = batchAttributes.control | batchAttributes.transactional;
  batch.writeInt16BE(attributes, batchLayout.attributes);
  sealBatch(batch, { producerId, epoch: 0, baseSequence: -1, transactional: true });
  return batch;
}
