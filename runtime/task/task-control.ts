import {
  addOutcomes,
  newOutcomes,
  outcomeNames,
  type Outcomes,
} from '../../processors/outcomes.ts';
import { SerdeError } from '../../topology/core/errors.ts';
import type { TimesSnapshot } from './task-times.ts';

/**
 * What `<application>-control` holds of one task (invariant E5): one compacted record, key `<subTopology>_<partition>`, value this as JSON. Written in every
 * transaction of the task, so its counters are exact across crashes.
 */
export interface TaskControl {
  readonly times: TimesSnapshot;
  /** Source topic → position, as committed with this record (the group's positions decide, where it has any). */
  readonly positions: Readonly<Record<string, number>>;
  /** Source topic → identity of the topic that the position is in, where the log tells. */
  readonly topicIds?: Readonly<Record<string, string>>;
  /** Node → counters since the application's beginning. */
  readonly outcomes: Readonly<Record<string, Partial<Outcomes>>>;
}

/** Key in the control topic of the record that says which plan runs. No task is called like this. */
export const planKey = 'plan';

/** Key in the control topic of the manifest of a plan. */
export function manifestKey(digest: string): string {
  return `manifest:${digest}`;
}

/** True for keys of the control topic that are of plans, not of tasks. */
export function isPlanKey(key: Buffer): boolean {
  const text = key.toString();
  return text === planKey || text.startsWith(manifestKey(''));
}

interface Versioned extends TaskControl {
  readonly version: 1;
}

export function encodeControl(control: TaskControl): Buffer {
  const versioned: Versioned = { version: 1, ...control };
  return Buffer.from(JSON.stringify(versioned));
}

/** @throws {SerdeError} CONTROL_VERSION when the record was written by another version */
export function decodeControl(bytes: Uint8Array): TaskControl {
  const parsed = JSON.parse(Buffer.from(bytes).toString('utf8')) as Versioned;
  if (parsed.version !== 1) {
    throw new SerdeError(
      'CONTROL_VERSION',
      `the control topic holds a record of version ${String(parsed.version)}; this version reads 1`,
    );
  }
  return parsed;
}

/** Counters of a task's nodes, cumulative. */
export class OutcomeTotals {
  private readonly totals: Map<string, Outcomes>;

  constructor(totals = new Map<string, Outcomes>()) {
    this.totals = totals;
  }

  static of(stored: TaskControl['outcomes']): OutcomeTotals {
    const totals = new Map<string, Outcomes>();
    for (const [node, counts] of Object.entries(stored)) {
      totals.set(node, { ...newOutcomes(), ...counts });
    }
    return new OutcomeTotals(totals);
  }

  add(batch: ReadonlyMap<string, Outcomes>): void {
    for (const [node, outcomes] of batch) {
      const total = this.totals.get(node);
      if (total === undefined) this.totals.set(node, { ...outcomes });
      else addOutcomes(total, outcomes);
    }
  }

  /** Counters that are not 0, nodes in order of name. */
  toJSON(): Record<string, Partial<Outcomes>> {
    const result: Record<string, Partial<Outcomes>> = {};
    for (const node of [...this.totals.keys()].sort()) {
      const total = this.totals.get(node) as Outcomes;
      const counts: Partial<Outcomes> = {};
      for (const name of outcomeNames) if (total[name] !== 0) counts[name] = total[name];
      if (Object.keys(counts).length > 0) result[node] = counts;
    }
    return result;
  }
}
