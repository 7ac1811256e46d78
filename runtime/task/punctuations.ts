import type { CompiledPunctuation } from './compiled.ts';
import { dueAfterJump, firstDue, neverDue, nextDue } from './punctuation-schedule.ts';
import { punctuationId, type TaskTimes } from './task-times.ts';
import type { TickItem } from './work-item.ts';

/** The punctuations of one task and when they are due, as its {@link TaskTimes} have it. */
export class Punctuations {
  private readonly all: readonly CompiledPunctuation[];
  private readonly times: TaskTimes;

  constructor(all: readonly CompiledPunctuation[], times: TaskTimes) {
    this.all = all;
    this.times = times;
  }

  /** Gives those that are new in the task a first due time. `nowMs` is the wall clock. */
  begin(nowMs: number): void {
    for (const it of this.all) {
      const id = idOf(it);
      if (this.times.due(id) === undefined)
        this.times.setDue(id, firstDue(it.by, it.everyMs, nowMs));
    }
  }

  /** The first wall-clock time, ms, at which one is due; undefined: none ever is. */
  nextWakeMs(): number | undefined {
    let next: number | undefined;
    for (const it of this.all) {
      if (it.by !== 'wall-clock') continue;
      const due = this.times.due(idOf(it));
      if (due !== undefined && Number.isFinite(due) && (next === undefined || due < next)) {
        next = due;
      }
    }
    return next;
  }

  /** Those of the wall clock that are due; undefined: none is. */
  ticks(nowMs: number): readonly TickItem[] | undefined {
    const due: TickItem[] = [];
    for (const it of this.all) {
      if (it.by !== 'wall-clock') continue;
      const id = idOf(it);
      const time = dueAfterJump(this.times.due(id) ?? neverDue, it.everyMs, nowMs);
      this.times.setDue(id, time);
      if (time <= nowMs) due.push({ kind: 'tick', punctuation: it, time: nowMs });
    }
    return due.length === 0 ? undefined : due;
  }

  /** Fires those of stream time that are due, and notes when the next one is. */
  fireStreamTime(fire: (punctuation: CompiledPunctuation, time: number) => void): void {
    const { streamTime } = this.times;
    for (const it of this.all) {
      if (it.by !== 'stream-time') continue;
      if (streamTime >= (this.times.due(idOf(it)) ?? 0)) fire(it, streamTime);
    }
    this.times.streamDue = this.nextStreamDue();
  }

  /** One fires: it is due again an interval later, or, once `cancel` is called, never. */
  fired(punctuation: CompiledPunctuation, time: number): { readonly cancel: () => void } {
    const id = idOf(punctuation);
    this.times.setDue(id, nextDue(this.times.due(id) ?? 0, punctuation.everyMs, time));
    return { cancel: () => this.times.setDue(id, Number.POSITIVE_INFINITY) };
  }

  private nextStreamDue(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (const it of this.all) {
      if (it.by !== 'stream-time') continue;
      earliest = Math.min(earliest, this.times.due(idOf(it)) ?? 0);
    }
    return earliest;
  }
}

function idOf({ stage, name }: CompiledPunctuation): string {
  return punctuationId(stage, name);
}
