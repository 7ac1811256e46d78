import { hash } from 'node:crypto';
import { canonicalText } from '../../../processors/canonical.ts';
import type { ModelRow } from './records.ts';

const retentionMs = 30 * 24 * 3_600_000;

/** What becomes of a record at a `dedupe` with `compare: value` and 30 days of retention. */
export type Sight = 'first' | 'same' | 'conflict';

/** The model of the two `dedupe` stages. */
export class Seen {
  readonly rows = new Map<string, ModelRow>();

  /** `streamTime` counts the record already. */
  look(key: string, value: unknown, streamTime: number): Sight {
    const digest = hash('sha256', canonicalText(value), 'buffer').subarray(0, 16).toString('hex');
    const known = this.rows.get(key);
    if (known === undefined || streamTime - known.time > retentionMs) {
      this.rows.set(key, { value: digest, time: streamTime, keep: false });
      return 'first';
    }
    return known.value === digest ? 'same' : 'conflict';
  }
}
