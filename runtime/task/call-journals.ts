import type { KeyValueStore } from '../../processors/store.ts';
import { type IntentCodec, type JournaledIntent } from '../calls/intent-codec.ts';
import { readSequence, sequenceLength, writeSequence } from './sequence-bytes.ts';

/** Name of the store that journals the intents of a call stage. */
export function journalStore(stage: string): string {
  return `${stage}-journal`;
}

/** Key of an intent in its journal: the sequence number, 8 bytes big-endian, so that key order is the order of issue. */
export function journalKey(sequence: number): Buffer {
  const key = Buffer.alloc(sequenceLength);
  writeSequence(key, sequence, 0);
  return key;
}

/** The sequence number of a {@link journalKey}. */
export function journalSequence(key: Buffer): number {
  return readSequence(key, 0);
}

/** The call journals of one task: stores of intents (design.md 7, step 1). */
export class CallJournals {
  private readonly codecs: ReadonlyMap<string, IntentCodec>;

  constructor(codecs: ReadonlyMap<string, IntentCodec>) {
    this.codecs = codecs;
  }

  put(store: KeyValueStore, stage: string, sequence: number, intent: JournaledIntent): void {
    store.put(journalKey(sequence), this.codec(stage).encode(intent), {
      time: intent.record.time,
      keep: true,
    });
  }

  remove(store: KeyValueStore, sequence: number): void {
    store.delete(journalKey(sequence));
  }

  /** All journaled intents of a stage, in order of issue. */
  *list(store: KeyValueStore, stage: string): Iterable<readonly [number, JournaledIntent]> {
    for (const [key, row] of store.range()) {
      yield [journalSequence(key as Buffer), this.codec(stage).decode(row.value as Buffer)];
    }
  }

  /** Key and value bytes of the record that an intent came from, for a dead letter. */
  raw(stage: string, intent: JournaledIntent): { key: Buffer | null; value: Buffer | null } {
    return this.codec(stage).raw(intent);
  }

  /** The bytes of an intent's row. */
  encoded(stage: string, intent: JournaledIntent): Buffer {
    return this.codec(stage).encode(intent);
  }

  private codec(stage: string): IntentCodec {
    return this.codecs.get(stage) as IntentCodec;
  }
}
