import { crc32c } from '@node-rs/crc32';
import { batchAttributes, batchLayout } from './batch-header.ts';
import { writeInt64 } from './varint.ts';

/** Who writes a batch: what makes a produce request idempotent and part of a transaction. */
export interface BatchProducer {
  readonly producerId: number;
  readonly epoch: number;
  /** Sequence number of the batch's first record, 0 to 2^31 − 1. */
  readonly baseSequence: number;
  readonly transactional: boolean;
}

/**
 * Computes and stores the CRC-32C of a batch whose other fields are final. With a producer its
 * fields are set before, in place: the CRC covers them. Sealing again (another epoch, another
 * sequence) is allowed.
 */
export function sealBatch(batch: Buffer, producer?: BatchProducer): void {
  if (producer !== undefined) {
    const attributes = batch.readInt16BE(batchLayout.attributes) & ~batchAttributes.transactional;
    const transactional = producer.transactional ? batchAttributes.transactional : 0;
    batch.writeInt16BE(attributes | transactional, batchLayout.attributes);
    writeInt64(batch, batchLayout.producerId, producer.producerId);
    batch.writeInt16BE(producer.epoch, batchLayout.producerEpoch);
    batch.writeInt32BE(producer.baseSequence, batchLayout.baseSequence);
  }
  batch.writeUInt32BE(crc32c(batch.subarray(batchLayout.attributes)), batchLayout.crc);
}
