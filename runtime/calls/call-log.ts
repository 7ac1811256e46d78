import { callLogTopic } from '../../topology/core/names.ts';
import { noHeaders } from '../../topology/core/record.ts';
import { toPlain } from '../plain-json.ts';
import { callId } from './call-id.ts';
import type { JournaledIntent } from './intent-codec.ts';
import type { CallEnd, CallResult } from './open-call.ts';

/** What became of one request, as JSON in `<application>-<stage>-calls`; its key is the idempotency key. Times are ISO 8601. */
export interface CallLogEntry {
  readonly call: string;
  readonly idempotencyKey: string;
  readonly outcome: CallResult['kind'];
  readonly request: unknown;
  /** Where the outcome is a reply. */
  readonly reply?: unknown;
  /** Where it is none: why. */
  readonly reason?: string;
  readonly attempts: number;
  readonly decidedBy: CallEnd['decidedBy'];
  /** What a person wrote to a decision. */
  readonly note?: string;
  /** When it was journaled: nothing was sent before. Absent: the journal of an earlier version did not say. */
  readonly since?: string;
  readonly ended: string;
}

/** Takes a record of a topic. */
export interface LogOutput {
  appendPair(
    topic: string,
    partition: number,
    time: number,
    key: Uint8Array,
    value: Uint8Array,
    headers: typeof noHeaders,
  ): void;
}

/** An ended call on its way into the log. */
export interface EndedCall {
  readonly stage: string;
  readonly sequence: number;
  readonly intent: JournaledIntent;
  readonly result: CallResult;
  readonly end: CallEnd;
}

/** Writes the outcomes of a task's calls to the call logs, in the transaction that takes them. */
export class CallLog {
  private readonly application: string;
  private readonly partition: number;
  private readonly partitions: (topic: string) => number;

  constructor(application: string, partition: number, partitions: (topic: string) => number) {
    this.application = application;
    this.partition = partition;
    this.partitions = partitions;
  }

  write(ended: EndedCall, nowMs: number, output: LogOutput): void {
    const { stage, sequence, intent } = ended;
    const topic = callLogTopic(this.application, stage);
    const entry = entryOf(callId(stage, this.partition, sequence), ended, nowMs);
    output.appendPair(
      topic,
      this.partition % this.partitions(topic),
      nowMs,
      Buffer.from(intent.idempotencyKey),
      Buffer.from(JSON.stringify(entry)),
      noHeaders,
    );
  }
}

function entryOf(call: string, { intent, result, end }: EndedCall, nowMs: number): CallLogEntry {
  const { sinceMs } = intent.progress;
  return {
    call,
    idempotencyKey: intent.idempotencyKey,
    outcome: result.kind,
    request: toPlain(intent.request),
    ...(result.kind === 'reply' ? { reply: toPlain(result.reply) } : {}),
    ...(result.kind === 'unknown' ? { reason: result.reason } : {}),
    ...(result.kind === 'failed' ? { reason: textOf(result.error) } : {}),
    ...end,
    ...(sinceMs === undefined ? {} : { since: new Date(sinceMs).toISOString() }),
    ended: new Date(nowMs).toISOString(),
  };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
