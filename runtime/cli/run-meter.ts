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
  private readonly sources: ReadonlySet<string>;
  private readonly monotonic: () => number;
  private readonly startedMs: number;
  private last = { ms: 0, records: 0, rate: 0 };

  constructor(application: Application, monotonic: () => number) {
    this.application = application;
    const nodes = application.plan.subTopologies.flatMap((it) => it.nodes);
    this.sources = new Set(nodes.flatMap(({ kind, name }) => (kind === 'source' ? name : [])));
    this.monotonic = monotonic;
    this.startedMs = monotonic();
  }

  get elapsedMs(): number {
    return this.monotonic() - this.startedMs;
  }

  state(): RunState {
    const { records, deadLettered } = this.totals();
    const queues = this.application.tasks.flatMap((task) => [...task.queues]);
    return {
      records,
      deadLettered,
      commits: this.application.commits,
      lag: queues.reduce(
        (sum, { endOffset, position }) => sum + Math.max(0, (endOffset ?? 0) - position),
        0,
      ),
    };
  }

  /** `12,345 records (3,200/s), lag 120, 45 commits`, and how far the restore is where tasks are being restored. */
  line(): string {
    const restoring = restoreLine(this.application.restoring);
    return `${restoring}${this.runLine()}`;
  }

  private runLine(): string {
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
    for (const [node, counts] of this.application.outcomes()) {
      if (this.sources.has(node)) records += counts.in;
      deadLettered += counts.deadLettered;
    }
    return { records, deadLettered };
  }
}

/** `restoring 3 tasks: 45 % of 2,600,000 records, about 40 s left; `, or nothing. */
function restoreLine(restoring: Application['restoring']): string {
  if (restoring.length === 0) return '';
  let done = 0;
  let total = 0;
  let leftMs = 0;
  for (const it of restoring) {
    done += it.done;
    total += it.total;
    leftMs = Math.max(leftMs, it.leftMs ?? 0);
  }
  const percent = total === 0 ? 0 : Math.floor((done / total) * 100);
  const left = leftMs === 0 ? '' : `, about ${showCount(Math.ceil(leftMs / 1000))} s left`;
  const tasks = restoring.length === 1 ? '1 task' : `${restoring.length} tasks`;
  return `restoring ${tasks}: ${percent} % of ${showCount(total)} records${left}; `;
}
