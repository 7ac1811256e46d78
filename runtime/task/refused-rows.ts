import type { Serde } from '../../schemas/serde.ts';
import { SerdeError } from '../../topology/core/errors.ts';
import { noHeaders } from '../../topology/core/record.ts';
import { Scratch } from '../codec/scratch.ts';
import type { ChangelogRecord } from '../state/restore.ts';
import { maxKeyBytes } from '../state/row-format.ts';
import type { TaskStore } from '../state/task-store.ts';
import type { OutputBuffer } from './output-buffer.ts';

/** A store whose changelog is the topic that its table reads. */
export interface BackedStore {
  readonly topic: string;
  readonly store: TaskStore;
  readonly keySerde: Serde;
  readonly valueSerde: Serde;
}

export interface RefusedRowsOptions {
  readonly taskId: string;
  readonly controlTopic: string;
  readonly controlPartition: number;
  readonly stores: readonly BackedStore[];
}

/** Bytes in base64. */
interface Stored {
  readonly version: 1;
  readonly offset: number;
  readonly key: string;
  /** Null: there was no row. */
  readonly value: string | null;
  readonly time: number;
}

/** Source topic → offset of a refused record → the row that stood there. */
export type RefusedByTopic = Map<string, Map<number, ChangelogRecord>>;

/**
 * Remembers which records of a table's topic its task refused, and what the row of their key was then. Whoever restores the store from the topic needs it: it may
 * depend on the clock, on a stage further down or on the registry, and compaction keeps the refused record and takes the row before it.
 *
 * One record for each key in `<application>-control`, written with the dead letter: `<task>/<topic>/` and the key's bytes.
 */
export class RefusedRows {
  private readonly options: RefusedRowsOptions;
  private scratch: Scratch | undefined;

  constructor(options: RefusedRowsOptions) {
    this.options = options;
  }

  /** To be called when a record was refused and its effects are gone. Does nothing for topics that back no store. */
  note(topic: string, offset: number, rawKey: Uint8Array | null, output: OutputBuffer): void {
    const { taskId, controlTopic, controlPartition, stores } = this.options;
    const backed = stores.find((it) => it.topic === topic);
    if (backed === undefined || rawKey === null) return;
    const key = decoded(backed.keySerde, Buffer.from(rawKey));
    // What has no key is no row, and in the way of none.
    if (key === undefined) return;
    const keyBytes = this.encoded(backed.keySerde, key);
    // No store takes it: neither now, nor when it is restored.
    if (keyBytes.length > maxKeyBytes) return;
    const row = backed.store.row(key);
    const stored: Stored = {
      version: 1,
      offset,
      key: keyBytes.toString('base64'),
      value:
        row === undefined ? null : this.encoded(backed.valueSerde, row.value).toString('base64'),
      time: row?.time ?? 0,
    };
    output.appendPair(
      controlTopic,
      controlPartition,
      0,
      Buffer.concat([Buffer.from(`${taskId}/${topic}/`), rawKey]),
      Buffer.from(JSON.stringify(stored)),
      noHeaders,
    );
  }

  private encoded(serde: Serde, value: unknown): Buffer {
    return (this.scratch ??= new Scratch()).bytesOf(serde, value);
  }
}

/** True for the key of a record in the control topic that is of a refused record, not a task's own. */
export function isRefusedRow(key: Buffer): boolean {
  return key.includes('/');
}

/**
 * Adds what a record of the control topic says, if it is of a refused record of that task.
 * @throws {SerdeError} CONTROL_VERSION when another version wrote it
 */
export function addRefused(
  refused: RefusedByTopic,
  taskId: string,
  key: Buffer,
  value: Buffer,
): void {
  const prefix = `${taskId}/`;
  const text = key.toString('latin1');
  if (!text.startsWith(prefix)) return;
  const topic = text.slice(prefix.length, text.indexOf('/', prefix.length));
  const stored = JSON.parse(value.toString('utf8')) as Stored;
  if (stored.version !== 1) {
    throw new SerdeError(
      'CONTROL_VERSION',
      `the control topic holds a refused row of version ${String(stored.version)}; this version reads 1`,
    );
  }
  const byOffset = refused.get(topic) ?? new Map<number, ChangelogRecord>();
  refused.set(topic, byOffset);
  byOffset.set(stored.offset, {
    key: Buffer.from(stored.key, 'base64'),
    value: stored.value === null ? null : Buffer.from(stored.value, 'base64'),
    time: stored.time,
    keep: false,
  });
}

function decoded(serde: Serde, bytes: Buffer): unknown {
  try {
    return serde.read(bytes, 0, bytes.length);
  } catch (error) {
    if (error instanceof SerdeError) return undefined;
    throw error;
  }
}
