import type { StreamRecord } from '../topology/core/record.ts';

/**
 * What became of an intent: the value of the records that the engine feeds into a call stage's port
 * `reply`.
 */
export class CallReply {
  /** The record whose key, headers and time the outcome carries. */
  readonly input: StreamRecord;
  /** `unknown`: it cannot be known whether the request had its effect. */
  readonly outcome: 'reply' | 'unknown';
  /** The service's answer; undefined where the outcome is unknown. */
  readonly reply: unknown;
  /** Why the outcome is unknown; undefined where there is a reply. */
  readonly reason: string | undefined;

  constructor(
    input: StreamRecord,
    outcome: 'reply' | 'unknown',
    said: { readonly reply?: unknown; readonly reason?: string } = {},
  ) {
    this.input = input;
    this.outcome = outcome;
    this.reply = said.reply;
    this.reason = said.reason;
  }
}
