import { listOf } from '../collections.ts';
import type { BreakerDef, CallOperatorDef, RetryDef } from '../definition.ts';
import type { Field } from '../field.ts';
import { choice, duration, integer, scalarText, wrongKind } from '../fields.ts';
import { object } from '../object.ts';

/** Retries of a call where the stage says nothing of them. */
export const defaultRetry: RetryDef = {
  attempts: 'unlimited',
  backoffMs: 200,
  maxMs: 30_000,
  jitter: 'full',
  when: ['timeout', 'unavailable'],
};

/** Concurrency of a call where the stage says nothing of it. */
export const defaultConcurrency: CallOperatorDef['concurrency'] = { limit: 64, order: 'per-key' };

/** How long the call log of a stage keeps an outcome where the stage does not say, ms. */
export const defaultLogRetentionMs = 30 * 24 * 3_600_000;

const attemptCount = integer(1);
const attempts: Field<number | 'unlimited'> = {
  read(node, at) {
    if (node.kind !== 'scalar') return wrongKind(node, at, 'a number, or "unlimited"');
    if (typeof node.value === 'number') return attemptCount.read(node, at);
    if (node.text !== 'unlimited') return wrongKind(node, at, 'a number, or "unlimited"');
    at.mark(node);
    return 'unlimited';
  },
  schema: { anyOf: [attemptCount.schema, { const: 'unlimited' }] },
  type: `${attemptCount.type} \\| \`unlimited\``,
  tables: [],
};

/** `retry:` of a call. */
export const retryField = object<RetryDef>({
  title: 'retry',
  doc: 'How a request is repeated: always with the same idempotency key.',
  parts: {
    attempts: {
      field: attempts,
      default: '`unlimited`',
      fill: defaultRetry.attempts,
      doc: 'Requests that are sent at most. A refused connection does not count: it is tried again without limit. So is `in-progress`, whatever this says: another request with the key is under way, and its outcome will be the answer.',
    },
    backoffMs: {
      key: 'backoff',
      field: duration(),
      default: '`200ms`',
      fill: defaultRetry.backoffMs,
      doc: 'Pause before the second attempt; it doubles with each further one.',
    },
    maxMs: {
      key: 'max',
      field: duration(),
      default: '`30s`',
      fill: defaultRetry.maxMs,
      doc: 'Longest pause.',
    },
    jitter: {
      field: choice(['full', 'none']),
      default: '`full`',
      fill: defaultRetry.jitter,
      doc: '`full`: each pause is random between 0 and its length.',
    },
    when: {
      field: listOf(choice(['timeout', 'unavailable']), 'causes'),
      default: '`[timeout, unavailable]`',
      fill: defaultRetry.when,
      doc: 'What is repeated, beside what is repeated without limit. Everything else is an outcome.',
    },
  },
});

const percentPattern = /^(\d+(?:\.\d+)?)%$/;

const share: Field<number> = {
  read(node, at) {
    const text = scalarText(node, at, 'a share such as 50%');
    if (text === undefined) return undefined;
    const value = Number(percentPattern.exec(text)?.[1]) / 100;
    if (value > 0 && value <= 1) return value;
    at.error('E012', node.span, `"${text}" is no share`, {
      suggestion: 'write it like 50%: above 0% and up to 100%',
    });
    return undefined;
  },
  schema: { type: 'string', pattern: percentPattern.source.replaceAll('\\d', '[0-9]') },
  type: 'share',
  tables: [],
};

/** `breaker:` of a call. */
export const breakerField = object<BreakerDef>({
  title: 'breaker',
  doc: 'A circuit breaker for the stage on each member. While it is open nothing is sent, which is no attempt; when the cool-down is over, one request tries: if it is answered all go out again. A refused connection, a time-out, and an answer that is none count as failures.',
  parts: {
    window: { field: integer(1, 10_000), required: true, doc: 'Latest requests that count.' },
    openAt: {
      field: share,
      required: true,
      doc: 'Share of failures among them at which it opens, once there were so many.',
    },
    coolDownMs: {
      key: 'cool-down',
      field: duration(),
      required: true,
      doc: 'How long it stays open.',
    },
  },
});

/** `concurrency:` of a call. */
export const concurrencyField = object<CallOperatorDef['concurrency']>({
  title: 'concurrency',
  doc: 'Requests at the same time.',
  parts: {
    limit: {
      field: integer(1, 100_000),
      default: '`64`',
      fill: defaultConcurrency.limit,
      doc: 'Requests in flight per stage and member. Those that wait, back off or are parked hold no slot.',
    },
    order: {
      field: choice(['per-key', 'none']),
      default: '`per-key`',
      fill: defaultConcurrency.order,
      doc: '`per-key`: a key’s next request waits for the outcome of the one before.',
    },
  },
});
