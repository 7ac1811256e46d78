import { batchBaseOffset, batchLastOffset, batchMaxTimestamp } from '../codec/batch-header.ts';
import type { Environment } from './environment.ts';
import { batchKey, kindRange, partitionKey } from './keys.ts';
import type { Topics } from './topics.ts';

/** Batches and bytes that one transaction of maintenance may touch: others wait meanwhile. */
export const stepBatches = 256;
export const stepBytes = 8 * 1024 * 1024;

/**
 * Moves the log start up to `offset` and removes batches that end before it, as many as one step
 * may. True: there is more to remove. Only in a transaction.
 */
export function pruneBefore(
  environment: Environment,
  topics: Topics,
  id: number,
  partition: number,
  offset: number,
): boolean {
  const state = topics.state(id, partition);
  if (state === undefined) return false;
  state.start = Math.max(state.start, Math.min(offset, state.end));
  const { removed, more } = removeHead(
    environment,
    id,
    partition,
    (batch) => batchLastOffset(batch) < state.start,
  );
  shrink(state, removed);
  topics.storeState(id, partition, state);
  return more;
}

/** True when the partition begins with a batch whose records are all older than `timeMs`. */
export function hasOlder(
  environment: Environment,
  id: number,
  partition: number,
  timeMs: number,
): boolean {
  const range = environment.range(batchKey(id, partition, 0), batchKey(id, partition + 1, 0));
  for (const { value } of range) return batchMaxTimestamp(value) < timeMs;
  return false;
}

/**
 * Removes batches from the beginning whose records are all older than `timeMs`, as many as one step
 * may, and moves the log start behind them. Only in a transaction.
 */
export function pruneOlder(
  environment: Environment,
  topics: Topics,
  id: number,
  partition: number,
  timeMs: number,
): void {
  const state = topics.state(id, partition);
  if (state === undefined) return;
  const { removed, next } = removeHead(
    environment,
    id,
    partition,
    (batch) => batchMaxTimestamp(batch) < timeMs,
  );
  state.start = Math.max(state.start, next ?? state.end);
  shrink(state, removed);
  topics.storeState(id, partition, state);
}

/**
 * Removes batches of one deleted topic's partition, as many as one step may. True: there is or may
 * be more. Only in a transaction.
 */
export function removeDebris(environment: Environment): boolean {
  for (const key of environment.keys(...kindRange('debris'))) {
    const id = key.readUInt32BE(1);
    const partition = key.readUInt32BE(5);
    const { more } = removeHead(environment, id, partition, () => true);
    if (!more) environment.remove(partitionKey('debris', id, partition));
    return true;
  }
  return false;
}

function shrink(state: { bytes: number; dirtyBytes: number }, removed: number): void {
  state.bytes -= removed;
  state.dirtyBytes = Math.min(state.dirtyBytes, state.bytes);
}

function removeHead(
  environment: Environment,
  id: number,
  partition: number,
  remove: (batch: Buffer) => boolean,
): { readonly removed: number; readonly more: boolean; readonly next: number | undefined } {
  const doomed: Buffer[] = [];
  let removed = 0;
  let more = false;
  let next: number | undefined;
  const range = environment.range(batchKey(id, partition, 0), batchKey(id, partition + 1, 0));
  for (const { key, value } of range) {
    if (!remove(value)) {
      next = batchBaseOffset(value);
      break;
    }
    if (doomed.length >= stepBatches || removed >= stepBytes) {
      more = true;
      next = batchBaseOffset(value);
      break;
    }
    doomed.push(key);
    removed += value.length;
  }
  for (const key of doomed) environment.remove(key);
  return { removed, more, next };
}
