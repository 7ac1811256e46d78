import {
  batchBaseOffset,
  batchLastOffset,
  batchLayout,
  batchMaxTimestamp,
  batchProducerId,
  isControlBatch,
  isTransactionalBatch,
} from '../../../runtime/codec/batch-header.ts';
import type { Header } from '../../../topology/core/record.ts';
import { type PlainRecord, recordsOf } from './records.ts';

/** Everything that an uncompressed batch says, in one line: as `RecordBatches.java` writes it. */
export function batchText(batch: Buffer): string {
  const appended = (batch.readInt16BE(batchLayout.attributes) & 8) !== 0;
  const epoch = batch.readInt16BE(batchLayout.producerEpoch);
  const sequence = batch.readInt32BE(batchLayout.baseSequence);
  return [
    `offsets ${batchBaseOffset(batch)}..${batchLastOffset(batch)}`,
    `time ${batchMaxTimestamp(batch)}${appended ? ' appended' : ''}`,
    `producer ${batchProducerId(batch)}/${epoch}/${sequence}`,
    ...(isTransactionalBatch(batch) ? ['transactional'] : []),
    ...(isControlBatch(batch) ? ['control'] : []),
    ...recordsOf(batch).map((record) => `${record.offset};${recordText(record)}`),
  ].join(' ');
}

/** A record as `RecordBatches.java` takes it. */
export function recordText({ time, key, value, headers }: PlainRecord): string {
  const names = headers.map(([name, it]: Header) => `${hex(Buffer.from(name))}=${hex(it)}`);
  return [time, hex(key), hex(value), names.join(',')].join(';');
}

function hex(bytes: Uint8Array | null): string {
  return bytes === null ? '-' : Buffer.from(bytes).toString('hex');
}
