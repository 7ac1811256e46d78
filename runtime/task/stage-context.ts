import type { Outcomes } from '../../processors/outcomes.ts';
import type { CallIntent, StageContext } from '../../processors/stage.ts';
import type { KeyValueStore } from '../../processors/store.ts';
import { IllegalStateError } from '../../topology/core/errors.ts';
import { type Header, noHeaders, StreamRecord } from '../../topology/core/record.ts';
import type { Attempt } from './attempt.ts';
import type { TaskTimes } from './task-times.ts';

/** What a stage context needs of its task. */
export interface ContextHost {
  readonly taskId: string;
  readonly times: TaskTimes;
  storeHandle(name: string, attempt: Attempt): KeyValueStore;
  deadLetterRecord(record: StreamRecord, stage: string, reason: string, attempt: Attempt): void;
  issueIntent(stage: string, intent: CallIntent, attempt: Attempt): void;
}

/** The {@link StageContext} of one node for one attempt (invariant E8). */
export class AttemptContext implements StageContext {
  readonly stage: string;
  readonly wallClock: number;
  readonly outcomes: Outcomes;
  private readonly stores: readonly string[];
  private readonly attempt: Attempt;
  private readonly host: ContextHost;

  constructor(
    stage: string,
    stores: readonly string[],
    attempt: Attempt,
    host: ContextHost,
    wallClock: number,
  ) {
    this.stage = stage;
    this.stores = stores;
    this.attempt = attempt;
    this.host = host;
    this.wallClock = wallClock;
    this.outcomes = attempt.outcomesOf(stage);
  }

  get taskId(): string {
    return this.host.taskId;
  }

  get streamTime(): number {
    return this.host.times.streamTime;
  }

  get operatorTime(): number {
    return this.host.times.operatorTime(this.stage);
  }

  set operatorTime(time: number) {
    // A record on its way when the attempt ended must not move the times of the next one.
    if (this.attempt.over) return;
    this.host.times.setOperatorTime(this.stage, time);
  }

  store<K = unknown, V = unknown>(name: string): KeyValueStore<K, V> {
    this.attempt.assertLive(`store "${name}"`);
    if (!this.stores.includes(name)) {
      const known = this.stores.length === 0 ? 'it declares none' : this.stores.join(', ');
      throw new IllegalStateError(
        'STORE_UNDECLARED',
        `stage "${this.stage}" asks for store "${name}", which it does not declare (${known}): add it to the stage's stores`,
      );
    }
    return this.host.storeHandle(name, this.attempt) as KeyValueStore<K, V>;
  }

  record<K, V>(fields: {
    key: K;
    value: V;
    time: number;
    headers?: readonly Header[];
  }): StreamRecord<K, V> {
    return new StreamRecord(fields.key, fields.value, fields.time, fields.headers ?? noHeaders);
  }

  deadLetter(record: StreamRecord, reason: string): void {
    this.attempt.assertLive('deadLetter');
    this.outcomes.deadLettered++;
    this.host.deadLetterRecord(record, this.stage, reason, this.attempt);
  }

  issue(request: CallIntent): void {
    this.attempt.assertLive('issue');
    this.host.issueIntent(this.stage, request, this.attempt);
  }
}
