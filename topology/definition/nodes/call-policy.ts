import { listOf } from '../collections.ts';
import type { CallOperatorDef, RetryDef } from '../definition.ts';
import type { Field } from '../field.ts';
import { choice, duration, integer, wrongKind } from '../fields.ts';
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

/** `concurrency:` of a call. */
export const concurrencyField = object<CallOperatorDef['concurrency']>({
  title: 'concurrency',
  doc: 'Requests at the same time.',
  parts: {
    limit: {
      field: integer(1, 100_000),
      default: '`64`',
      fill: defaultConcurrency.limit,
      doc: 'Requests in flight per task. Those that wait or back off hold no slot.',
    },
    order: {
      field: choice(['per-key', 'none']),
      default: '`per-key`',
      fill: defaultConcurrency.order,
      doc: '`per-key`: a key’s next request waits for the outcome of the one before.',
    },
  },
});
