import { expression } from '../expression-field.ts';
import { duration, name } from '../fields.ts';
import { outcomesField } from './call-outcomes.ts';
import {
  breakerField,
  concurrencyField,
  defaultConcurrency,
  defaultRetry,
  retryField,
} from './call-policy.ts';
import { projection } from './functions.ts';
import type { OperatorTable } from './operator.ts';
import { operator, propertyField } from './operator.ts';

/** `call:` */
export const call: OperatorTable = operator({
  kind: 'call',
  doc:
    'Asks an external service, once the transaction of the record is known to be committed, and goes on with its answer. ' +
    'Every attempt has the same idempotency key, before and after a crash.',
  example: `stages:
  charge:
    from: held
    call: payments
    request: { orderId: key, amountCents: value.totalCents, currency: value.currency }
    idempotency-key: '"charge-" + value.orderId'
    timeout: 2s
    retry: { attempts: 4, backoff: 200ms, max: 5s, jitter: full, when: [timeout, unavailable] }
    breaker: { window: 20, open-at: 50%, cool-down: 15s }
    concurrency: { limit: 64, order: per-key }
    outcomes:
      match: reply.state
      APPROVED: { out: approved }
      DECLINED: { out: declined, map: reply }
      unknown: { park: 5m, times: 12, then: undecided }
    drop: [approved, declined, undecided]
`,
  mainDoc: 'Asks an external service: a name of `calls:`.',
  main: propertyField('call', name),
  beside: {
    request: {
      field: projection,
      required: true,
      doc: 'The request: field of its type → expression over `key` and `value`.',
    },
    idempotencyKey: {
      field: expression,
      required: true,
      doc: 'Text by which the service knows a repeat.',
    },
    timeoutMs: {
      key: 'timeout',
      field: duration(),
      required: true,
      doc: 'How long one attempt waits for its answer.',
    },
    retry: {
      field: retryField,
      default: 'the defaults of its keys',
      fill: defaultRetry,
      doc: 'How a request is repeated.',
    },
    breaker: {
      field: breakerField,
      default: 'none',
      doc: 'When requests stop for a while.',
    },
    concurrency: {
      field: concurrencyField,
      default: 'the defaults of its keys',
      fill: defaultConcurrency,
      doc: 'Requests at the same time.',
    },
    logRetentionMs: {
      key: 'log-retention',
      field: duration('forever'),
      default: '`30d`',
      doc: 'How long the topic `<application>-<stage>-calls` keeps what became of each request.',
    },
  },
  spread: {
    key: 'outcomes',
    field: outcomesField,
    doc: 'Where the record goes, for each answer: exhaustive over the enum `match`. `unknown` is also taken when no answer can be had, or one that does not fit the type: then the header `__streams.call.unknown` says why.',
  },
});
