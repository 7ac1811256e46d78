import type { Application } from '../app/application.ts';
import { showCount } from './text-table.ts';

/** How far a run is. Records and dead letters are committed ones, of this run alone. */
export interface RunState {
  readonly records: number;
  readonly deadLettered: number;
  readonly commits: number;
  /** Records that wait in the topics that it reads, as far as known. */
  readonly lag: number;
}

/**
 * Counts what an application does from now on. What it has read stays right when the application is
 * closed.
 */
export class RunMeter {
  private readonly application: Application;
  private readonly tasks: Application['tasks'];
  private readonly sources: ReadonlySet<string>;
  private readonly before: { readonly records: number; readonly deadLettered: number };
  private readonly monotonic: () => number;
  private readonly startedMs: number;
  private last = { ms: 0, records: 0, rate: 0 };

  constructor(application: Application, monotonic: () => number) {
    this.application = application;
    this.tasks = application.tasks;
    const nodes = application.plan.subTopologies.flatMap((it) => it.nodes);
    this.sources = new Set(nodes.flatMap(({ kind, name }) => (kind === 'source' ? name : [])));
    this.before = this.totals();
    this.monotonic = monotonic;
    this.startedMs = monotonic();
  }

  get elapsedMs(): number {
    return this.monotonic() - this.startedMs;
  }

  state(): RunState {
    const { records, deadLettered } = this.totals();
    const queues = this.tasks.flatMap((task) => [...task.queues]);
    return {
      records: records - this.before.records,
      deadLettered: deadLettered - this.before.deadLettered,
      commits: this.application.commits,
      lag: queues.reduce(
        (sum, { endOffset, position }) => sum + Math.max(0, (endOffset ?? 0) - position),
        0,
      ),
    };
  }

  /** `12,345 records (3,200/s), lag 120, 45 commits` */
  line(): string {
    const { records, lag, commits, deadLettered } = this.state();
    const ms = this.elapsedMs;
    if (ms - this.last.ms >= 1000) {
      const rate = ((records - this.last.records) / (ms - this.last.ms)) * 1000;
      this.last = { ms, records, rate };
    }
    const dead = deadLettered === 0 ? '' : `, ${showCount(deadLettered)} dead letters`;
    const rate = showCount(Math.round(this.last.rate));
    return `${showCount(records)} records (${rate}/s), lag ${showCount(lag)}, ${showCount(commits)} commits${dead}`;
  }

  private totals(): { records: number; deadLettered: number } {
    let records = 0;
    let deadLettered = 0;
    for (const { control } of this.tasks) {
      for (const [node, counts] of Object.entries(control.outcomes)) {
        if (this.sources.has(node)) records += counts.in ?? 0;
        deadLettered += counts.deadLettered ?? 0;
      }
    }
    return { records, deadLettered };
  }
}
