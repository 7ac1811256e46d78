import type { Clock } from '../../../topology/core/clock.ts';
import type { Application } from '../application.ts';
import type { LiveFigures, RestoringFigures } from './live-figures.ts';

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
  private readonly clock: Clock;
  private readonly startedMs: number;
  private last = { ms: 0, records: 0, rate: 0 };

  constructor(application: Application, clock: Clock) {
    this.application = application;
    const nodes = application.plan.subTopologies.flatMap((it) => it.nodes);
    this.sources = new Set(nodes.flatMap(({ kind, name }) => (kind === 'source' ? name : [])));
    this.clock = clock;
    this.startedMs = clock.monotonic();
  }

  get elapsedMs(): number {
    return this.clock.monotonic() - this.startedMs;
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

  /** What it does at present, for those who watch from outside. */
  figures(): LiveFigures {
    const { records, deadLettered, commits } = this.state();
    const { tasks, restoring, members } = this.application;
    return {
      asOfMs: this.clock.now(),
      records,
      perSecond: Math.round(this.rate(records)),
      deadLettered,
      commits,
      tasks: tasks.length,
      members: Math.max(1, members.length),
      calls: this.application.callStatus(),
      ...(restoring.length === 0 ? {} : { restoring: restoringFigures(restoring) }),
    };
  }

  /** `12,345 records (3,200/s), lag 120, 45 commits`, and how far the restore is where tasks are being restored. */
  line(): string {
    const { restoring } = this.application;
    if (restoring.length === 0) return this.runLine();
    return `${restoreLine(restoringFigures(restoring))}; ${this.runLine()}`;
  }

  private runLine(): string {
    const { records, lag, commits, deadLettered } = this.state();
    const dead = deadLettered === 0 ? '' : `, ${shown(deadLettered)} dead letters`;
    const rate = shown(Math.round(this.rate(records)));
    return `${shown(records)} records (${rate}/s), lag ${shown(lag)}, ${shown(commits)} commits${dead}`;
  }

  /** Records per second, measured anew when the last measurement is a second old. */
  private rate(records: number): number {
    const ms = this.elapsedMs;
    if (ms - this.last.ms >= 1000) {
      const rate = ((records - this.last.records) / (ms - this.last.ms)) * 1000;
      this.last = { ms, records, rate };
    }
    return this.last.rate;
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

function restoringFigures(restoring: Application['restoring']): RestoringFigures {
  let done = 0;
  let total = 0;
  let leftMs = 0;
  for (const it of restoring) {
    done += it.done;
    total += it.total;
    leftMs = Math.max(leftMs, it.leftMs ?? 0);
  }
  return { tasks: restoring.length, done, total, ...(leftMs === 0 ? {} : { leftMs }) };
}

/** `restoring 3 tasks: 45 % of 2,600,000 records, about 40 s left`. */
export function restoreLine({ tasks, done, total, leftMs }: RestoringFigures): string {
  const percent = total === 0 ? 0 : Math.floor((done / total) * 100);
  const left = leftMs === undefined ? '' : `, about ${shown(Math.ceil(leftMs / 1000))} s left`;
  const what = tasks === 1 ? '1 task' : `${tasks} tasks`;
  return `restoring ${what}: ${percent} % of ${shown(total)} records${left}`;
}

function shown(count: number): string {
  return count.toLocaleString('en-US');
}
