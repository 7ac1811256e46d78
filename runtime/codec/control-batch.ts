import { corruptBatch } from './batch-check.ts';
import { isControlBatch } from './batch-header.ts';
import { RecordBatchReader } from './batch-reader.ts';

/** How a transaction ended for one partition. */
export type EndMarker = 'commit' | 'abort';

const abortType = 0;
const commitType = 1;

/**
 * What the marker of a control batch says about its producer's transaction; undefined for control
 * records of other kinds (leader change, snapshots, KRaft versions), for one that was cleaned away,
 * and for a batch of records. Source: Kafka `ControlRecordType`, `EndTransactionMarker`, 4.0: a key
 * of version and type, int16 each; later versions may append to it.
 * @throws {StorageError} BATCH_CORRUPT; length, format and CRC are checked too
 */
export function readEndMarker(batch: Buffer): EndMarker | undefined {
  if (!isControlBatch(batch)) return undefined;
  const reader = new RecordBatchReader();
  reader.open(batch);
  if (!reader.next()) return undefined;
  if (reader.keyEnd - reader.keyStart < 4) throw corruptBatch('has a marker without a type');
  if (batch.readInt16BE(reader.keyStart) < 0) {
    throw corruptBatch('has a marker of a negative version');
  }
  const type = batch.readInt16BE(reader.keyStart + 2);
  if (type === commitType) return 'commit';
  return type === abortType ? 'abort' : undefined;
}
