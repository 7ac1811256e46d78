import type { Outcomes } from '../../processors/outcomes.ts';
import type { Clock } from '../../topology/core/clock.ts';
import type { CallStatus } from '../calls/call-status.ts';
import type { Report } from '../logger.ts';

/** How often a look is taken, ms: what happens in between is one line. */
export const watchEveryMs = 5000;

/** What is looked at. */
export interface WatchedApplication {
  /** Task → stage → what it has done here. */
  outcomesByTask(): ReadonlyMap<string, ReadonlyMap<string, Pick<Outcomes, 'deadLettered'>>>;
  callStatus(): readonly CallStatus[];
}

/**
 * Says now and then what an operator should know of records and calls, from their counters: the hot path says nothing. What
 * happened after the last look is in the summary of a run.
 */
export class ApplicationWatch {
  private readonly application: WatchedApplication;
  private readonly clock: Clock;
  private readonly report: Report;
  /** Task and stage → records that went to the dead letters. */
  private deadLettered = new Map<string, number>();
  /** Stage → its breaker, and calls that wait for somebody. */
  private calls = new Map<string, CallStatus>();
  private cancel: () => void;

  constructor(application: WatchedApplication, clock: Clock, report: Report) {
    this.application = application;
    this.clock = clock;
    this.report = report;
    this.cancel = clock.after(watchEveryMs, () => this.tick());
  }

  close(): void {
    this.cancel();
  }

  private tick(): void {
    this.lookAtTasks();
    this.lookAtCalls();
    this.cancel = this.clock.after(watchEveryMs, () => this.tick());
  }

  private lookAtTasks(): void {
    const seen = new Map<string, number>();
    for (const [id, stages] of this.application.outcomesByTask()) {
      for (const [stage, { deadLettered }] of stages) {
        const name = `${id} ${stage}`;
        seen.set(name, deadLettered);
        const more = deadLettered - (this.deadLettered.get(name) ?? 0);
        if (more <= 0) continue;
        const records = more === 1 ? '1 record of' : `${more} records of`;
        this.report(
          `${records} stage "${stage}" went to the dead letters (task ${id}): "millrace dlq list" says why`,
          { level: 'warn', task: id, stage, records: more, total: deadLettered },
        );
      }
    }
    this.deadLettered = seen;
  }

  private lookAtCalls(): void {
    const seen = new Map<string, CallStatus>();
    for (const status of this.application.callStatus()) {
      const { stage, breaker, held, parked, inputsPaused } = status;
      const before = this.calls.get(stage);
      seen.set(stage, status);
      if (breaker === 'open' && before?.breaker !== 'open') {
        this.report(`the breaker of stage "${stage}" is open: its calls wait`, {
          level: 'warn',
          stage,
        });
      } else if (breaker === 'closed' && before !== undefined && before.breaker !== 'closed') {
        this.report(`the breaker of stage "${stage}" is closed again`, { stage });
      }
      if (inputsPaused === true && before?.inputsPaused !== true) {
        this.report(
          `so many calls of stage "${stage}" are parked or held that its inputs are paused (max-parked-calls): ` +
            'see "millrace calls list"',
          { level: 'warn', stage, held, parked },
        );
      } else if (inputsPaused === undefined && before?.inputsPaused === true) {
        this.report(`the inputs of stage "${stage}" go on`, { stage });
      }
      const more = held - (before?.held ?? 0);
      if (more > 0) {
        const calls = more === 1 ? '1 call of' : `${more} calls of`;
        this.report(
          `${calls} stage "${stage}" must be decided by a person, and their keys wait: see "millrace calls list"`,
          { level: 'warn', stage, held, parked },
        );
      }
    }
    this.calls = seen;
  }
}
