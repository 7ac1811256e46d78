import type { FetchedPartition, Log, Position } from '../ports.ts';
import type { ControlRecords } from './control-records.ts';
import type { StoreCopy } from './store-copy.ts';
import type { RunnableUnit } from './task-units.ts';
import type { UnitStore } from './unit-stores.ts';

/** How far a standby's copy of a store is behind. */
export interface StandbyLag {
  /** Changelog records that it has not read, as of the last look. */
  readonly records: number;
  /** Wall clock, ms, as of which it had everything that was committed; undefined: not yet. */
  readonly asOfMs: number | undefined;
}

interface Copied {
  readonly copy: StoreCopy;
  /** Read up to the committed input only, as its source topic backs it. */
  readonly backed: boolean;
  lag: StandbyLag | undefined;
}

/** The stores of a task that another member owns, kept warm on this one's disk. */
export class StandbyTask {
  readonly unit: RunnableUnit;
  private readonly log: Log;
  private readonly group: string;
  private readonly abort = new AbortController();
  private copied: readonly Copied[] = [];
  private control: ControlRecords | undefined;
  private touching: Promise<void> | undefined;

  constructor(unit: RunnableUnit, log: Log, group: string) {
    this.unit = unit;
    this.log = log;
    this.group = group;
  }

  /** Opens the copies where they are on disk: what cannot be continued is rebuilt. */
  async open(stores: readonly UnitStore[], control: ControlRecords): Promise<void> {
    const { signal } = this.abort;
    this.control = control;
    const copied = stores.map(({ plan, copy }) => ({
      copy,
      backed: plan.sourceBacked,
      lag: undefined,
    }));
    const inputs = await this.inputs(copied);
    for (const { copy, backed } of copied) {
      if (signal.aborted) return;
      // Without a committed input nothing is a row yet.
      await this.touch(copy.open(backed ? (inputs.get(copy) ?? 0) : undefined, signal));
    }
    if (!signal.aborted) this.copied = copied;
  }

  /** Gives up the stores; resolves when the disk is not touched any more. */
  async close(): Promise<void> {
    this.abort.abort();
    await this.touching?.catch(() => {});
  }

  /** True where a store is backed by its source topic: {@link advanceInputs} is to be called now and then. */
  get readsInputs(): boolean {
    return this.copied.some(({ backed }) => backed);
  }

  /** Lets source-backed copies go on to what their owner has committed. */
  async advanceInputs(): Promise<void> {
    const inputs = await this.inputs(this.copied);
    if (this.abort.signal.aborted) return;
    for (const [copy, offset] of inputs) copy.follow(offset);
  }

  /** Where its copies go on reading; source-backed ones only where they may. */
  get reading(): readonly (Position & { readonly copy: StoreCopy })[] {
    return this.copied.flatMap(({ copy, backed }) => {
      const { topic, partition, position: offset, target } = copy;
      return backed && offset >= target ? [] : [{ topic, partition, offset, copy }];
    });
  }

  /** Takes what was fetched for one of its copies at `nowMs`. False: there was nothing new. */
  async take(of: StoreCopy, fetched: FetchedPartition, nowMs: number): Promise<boolean> {
    const it = this.copied.find(({ copy }) => copy === of);
    if (it === undefined || this.abort.signal.aborted) return false;
    const before = of.position;
    if (!it.backed) of.follow(fetched.nextOffset);
    if (fetched.nextOffset > before) {
      const atEnd = fetched.nextOffset >= fetched.endOffset && fetched.nextOffset <= of.target;
      await this.touch(of.take(fetched, this.abort.signal, atEnd ? nowMs : undefined));
    }
    const records = Math.max(0, (it.backed ? of.target : fetched.endOffset) - of.position);
    it.lag = { records, asOfMs: records === 0 ? nowMs : it.lag?.asOfMs };
    return of.position > before;
  }

  /** How far the copy of a store is behind; undefined: it is not open yet. */
  lag(store: string): StandbyLag | undefined {
    return this.copied.find(({ copy }) => copy.options.store.name === store)?.lag;
  }

  /** Committed input positions of source-backed copies, with the control topic read up to them: what the owner refused before them is known then. */
  private async inputs(copied: readonly Copied[]): Promise<ReadonlyMap<StoreCopy, number>> {
    const inputs = new Map<StoreCopy, number>();
    const backed = copied.filter((it) => it.backed);
    if (backed.length === 0) return inputs;
    const committed = await this.log.committed(
      this.group,
      backed.map(({ copy: { topic, partition } }) => ({ topic, partition })),
    );
    await this.control?.read(this.abort.signal);
    for (const { copy } of backed) {
      const at = committed.find(
        ({ topic, partition }) => topic === copy.topic && partition === copy.partition,
      );
      if (at !== undefined) inputs.set(copy, at.offset);
    }
    return inputs;
  }

  private async touch(work: Promise<void>): Promise<void> {
    this.touching = work;
    await work;
  }
}
