import type { StoreCopy } from './store-copy.ts';

/** How far the restore of a task is. Records are changelog offsets, so that compacted ones count: an estimate that ends where it says. */
export interface RestoreProgress {
  readonly task: string;
  /**
   * `locating`: its positions are asked for, which may wait for a transaction of the owner before; `waiting`: others are restored first; `restoring`: its stores
   * are read.
   */
  readonly state: 'locating' | 'waiting' | 'restoring';
  /** The store that is read at present; undefined: none yet. */
  readonly store: string | undefined;
  readonly done: number;
  readonly total: number;
  readonly perSecond: number;
  /** Estimate, ms; undefined while it cannot be told. */
  readonly leftMs: number | undefined;
}

/** Measures a restore by the positions of its stores. */
export class RestoreMeter {
  private readonly startedMs: number;
  private readonly copies: readonly StoreCopy[];

  constructor(copies: readonly StoreCopy[], monotonicMs: number) {
    this.copies = copies;
    this.startedMs = monotonicMs;
  }

  progress(task: string, monotonicMs: number): RestoreProgress {
    let done = 0;
    let total = 0;
    for (const { begin, position, target } of this.copies) {
      done += position - begin;
      total += target - begin;
    }
    const seconds = (monotonicMs - this.startedMs) / 1000;
    const perSecond = seconds > 0 ? done / seconds : 0;
    const current = this.copies.find(({ position, target }) => position < target);
    return {
      task,
      state: 'restoring',
      store: current?.options.store.name,
      done,
      total,
      perSecond,
      leftMs: perSecond > 0 ? ((total - done) / perSecond) * 1000 : undefined,
    };
  }
}

/** `task counts_3: 45 % of 2,600,000 records of store "counts", about 40 s left` */
export function progressLine({ task, state, store, done, total, leftMs }: RestoreProgress): string {
  if (state === 'locating') return `task ${task}: waits for the transaction of its last owner`;
  if (state === 'waiting') return `task ${task}: waits for its turn to be restored`;
  const percent = total === 0 ? 100 : Math.floor((done / total) * 100);
  const left = leftMs === undefined ? '' : `, about ${Math.ceil(leftMs / 1000)} s left`;
  const of = store === undefined ? '' : ` (store "${store}")`;
  return `task ${task}: ${percent} % of ${total.toLocaleString('en-US')} records restored${of}${left}`;
}
