import { durationText } from '../../topology/core/duration.ts';
import { restoreLine } from '../app/runner/run-meter.ts';
import type { CallStatus } from '../calls/call-status.ts';
import type { LiveFigures } from '../app/runner/live-figures.ts';
import type { LoggedStatus } from '../app/status/application-status.ts';
import { type SeenStatus, silentMs } from '../app/status/status-files.ts';
import { showCount, textTable } from './text-table.ts';

/** An application, as its log and its runners see it. */
export interface StatusOf {
  readonly application: string;
  readonly logged: LoggedStatus;
  /** Runners of the data folder that have it, or the last one that had. */
  readonly seen: readonly SeenStatus[];
}

/** What an application or a member of it is shown to do. */
type ShownState =
  | 'running'
  | 'starting'
  | 'restoring'
  | 'restarting'
  | 'stopped'
  | 'failed'
  | 'silent'
  | 'crashed'
  | 'not seen';

const head = [
  'APPLICATION',
  'STATE',
  'SINCE',
  'PID',
  'LAG',
  'RECORDS',
  'RECORDS/S',
  'DEAD LETTERS',
  'CALLS',
  'PARKED',
  'RESTARTS',
];

/** A table, and below it what needs more words: lag by topic, restores, failures. */
export function statusText(all: readonly StatusOf[], nowMs: number): string {
  if (all.length === 0) return 'no application has run on this log\n';
  const rows = all.flatMap((it) => rowsOf(it, nowMs));
  const more = all.flatMap((it) => linesOf(it, nowMs));
  const lines = more.length === 0 ? '' : `\n${more.join('\n')}\n`;
  return `${textTable([head, ...rows], [3, 4, 5, 6, 7, 8, 9, 10])}${lines}`;
}

function rowsOf({ application, logged, seen }: StatusOf, nowMs: number): readonly string[][] {
  const lag = showCount(logged.lag.reduce((sum, it) => sum + it.lag, 0));
  const totals = [lag, showCount(logged.records)];
  const dead = showCount(logged.deadLettered);
  if (seen.length === 0) {
    return [[application, 'not seen', '-', '-', ...totals, '-', dead, '-', '-', '-']];
  }
  return seen.map((it) => {
    const { status } = it;
    const figures = it.live ? status.figures : undefined;
    return [
      application,
      shownState(it),
      `${durationOf(nowMs - sinceOf(it))} ago`,
      it.live && status.pid !== undefined ? String(status.pid) : '-',
      ...totals,
      figures === undefined ? '-' : showCount(figures.perSecond),
      dead,
      ...callCells(figures),
      String(status.restarts),
    ];
  });
}

/** Calls that go on by themselves, and those that wait for their time or for a person. */
function callCells(figures: LiveFigures | undefined): readonly string[] {
  if (figures === undefined) return ['-', '-'];
  let open = 0;
  let parked = 0;
  for (const it of figures.calls) {
    open += it.inFlight + it.waiting + it.backingOff;
    parked += it.parked + it.held;
  }
  return [showCount(open), showCount(parked)];
}

/** A dead runner's state ended when it last wrote. */
function sinceOf({ live, status }: SeenStatus): number {
  const over = status.state === 'stopped' || status.state === 'failed';
  return live || over ? status.sinceMs : status.writtenMs;
}

function shownState({ live, ageMs, status }: SeenStatus): ShownState {
  const { state, figures } = status;
  if (state === 'stopped' || state === 'failed') return state;
  if (!live) return 'crashed';
  // Figures of a child come from the child: a runner that is well may have one that hangs.
  const figuresAgeMs = figures === undefined ? 0 : status.writtenMs - figures.asOfMs;
  if (ageMs >= silentMs || figuresAgeMs >= silentMs) return 'silent';
  return state === 'running' && figures?.restoring !== undefined ? 'restoring' : state;
}

function linesOf({ application, logged, seen }: StatusOf, nowMs: number): readonly string[] {
  const lines: string[] = [];
  const behind = logged.lag.filter(({ lag }) => lag > 0);
  if (behind.length > 0) {
    const topics = behind.map(({ topic, lag }) => `${topic} ${showCount(lag)}`).join(', ');
    lines.push(`${application}: behind in ${topics}`);
  }
  if (logged.parkedKeys > 0) {
    const keys = logged.parkedKeys === 1 ? '1 key is' : `${showCount(logged.parkedKeys)} keys are`;
    lines.push(
      `${application}: ${keys} parked by dead letters, ${showCount(logged.waiting)} records wait behind them ("millrace dlq list")`,
    );
  }
  for (const { status, live } of seen) {
    const { figures, lastFailure, nextStartMs } = status;
    if (live && figures?.restoring !== undefined) {
      lines.push(`${application}: ${restoreLine(figures.restoring)}`);
    }
    for (const call of live ? (figures?.calls ?? []) : []) {
      const words = callWords(call);
      if (words !== '') lines.push(`${application}: calls of stage "${call.stage}": ${words}`);
    }
    if (live && nextStartMs !== undefined) {
      lines.push(`${application}: starts again in ${durationOf(nextStartMs - nowMs)}`);
    }
    if (lastFailure !== undefined) {
      const { code, message, atMs } = lastFailure;
      const what = `${code === undefined ? '' : `error[${code}] `}${message.trimEnd()}`;
      lines.push(`${application}: failed ${durationOf(nowMs - atMs)} ago: ${what}`);
    }
  }
  return lines;
}

/** What is worth a line: a breaker that is not closed, calls that wait. Empty: nothing. */
function callWords({ breaker, parked, held, inputsPaused }: CallStatus): string {
  return [
    ...(breaker === undefined || breaker === 'closed' ? [] : [`breaker ${breaker}`]),
    ...(parked === 0 ? [] : [`${showCount(parked)} parked`]),
    ...(held === 0 ? [] : [`${showCount(held)} for a person ("millrace calls list")`]),
    ...(inputsPaused === true ? ['inputs paused (max-parked-calls)'] : []),
  ].join(', ');
}

/** To the second: `1m12s`. */
function durationOf(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return seconds === 0 ? '0s' : durationText(seconds * 1000);
}

/** The same for programs; times in ms since epoch. */
export function statusJson({ application, logged, seen }: StatusOf): object {
  return {
    application,
    ...logged,
    members: seen.map((it) => ({ shown: shownState(it), live: it.live, ...it.status })),
  };
}
