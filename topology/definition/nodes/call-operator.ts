import { setOwn } from '../collections.ts';
import type { CallOperatorDef, OutcomeDef } from '../definition.ts';
import { expression } from '../expression-field.ts';
import type { Field } from '../field.ts';
import { duration, name, ref, wrongKind } from '../fields.ts';
import { object } from '../object.ts';
import type { Place } from '../place.ts';
import type { WrittenMap } from '../written.ts';
import { concurrencyField, defaultConcurrency, defaultRetry, retryField } from './call-policy.ts';
import { projection, valueField } from './functions.ts';
import type { OperatorTable } from './operator.ts';
import { operator, propertyField } from './operator.ts';

type Outcomes = Pick<CallOperatorDef, 'match' | 'outcomes' | 'unknown'>;

const outcome = object<OutcomeDef>({
  title: 'outcome',
  doc: 'Where a record goes for one answer. It is the input of the stage, unless there is a `map`.',
  later: { park: ['times', 'then'] },
  parts: {
    out: { field: name, required: true, doc: 'Name of the output.' },
    map: {
      field: valueField,
      default: 'the value stays',
      doc: 'The value of the output, over `key`, `value` and `reply`.',
    },
    compensates: {
      field: ref,
      doc: '`stage.output` whose effect this outcome undoes: the only edge that may close a cycle.',
    },
  },
});

const symbolPattern = /^[A-Za-z_]\w*$/;

/**
 * `outcomes:` fills three properties of the operator, so it is read at the operator's own place.
 */
const outcomes: Field<Outcomes> = {
  read(node, at) {
    if (node.kind !== 'map') return wrongKind(node, at, 'a map from answers to outcomes');
    const entry = (key: string) => node.entries.find((one) => one.key.text === key);
    const missing = ['match', 'unknown'].filter((key) => entry(key) === undefined);
    for (const key of missing) at.error('E006', at.ownerSpan(node), `missing key "${key}"`);
    const match = readPart(entry('match'), at, 'match', expression);
    const unknown = readPart(entry('unknown'), at, 'unknown', outcome);
    const symbols = readSymbols(node, at.child('outcomes'));
    if (match === undefined || unknown === undefined) return undefined;
    return { match, outcomes: symbols, unknown };
  },
  schema: {
    type: 'object',
    required: ['match', 'unknown'],
    properties: {
      match: {
        description: 'Expression over `reply` that picks the outcome.',
        ...expression.schema,
      },
      unknown: outcome.schema,
    },
    propertyNames: { pattern: symbolPattern.source },
    additionalProperties: outcome.schema,
  },
  type: 'map: `match`, `unknown`, and an outcome for each value of `match`',
  tables: outcome.tables,
};

function readPart<V>(
  entry: WrittenMap['entries'][number] | undefined,
  at: Place,
  step: string,
  field: Field<V>,
): V | undefined {
  if (entry === undefined) return undefined;
  const place = at.child(step, entry.key);
  place.mark(entry.value);
  return field.read(entry.value, place);
}

function readSymbols(node: WrittenMap, at: Place): Readonly<Record<string, OutcomeDef>> {
  at.mark(node);
  const found: Record<string, OutcomeDef> = {};
  for (const { key, value } of node.entries) {
    if (key.text === 'match' || key.text === 'unknown') continue;
    const place = at.child(key.text, key);
    if (!symbolPattern.test(key.text)) {
      place.error('E009', key.span, `"${key.text}" is no symbol of an Avro enum`);
    }
    place.mark(value);
    const read = outcome.read(value, place);
    if (read === undefined) place.leaveOut(value);
    else setOwn(found, key.text, read);
  }
  return found;
}

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
    retry: { attempts: unlimited, backoff: 200ms, max: 5s, jitter: full, when: [timeout, unavailable] }
    concurrency: { limit: 64, order: per-key }
    outcomes:
      match: reply.state
      APPROVED: { out: approved }
      DECLINED: { out: declined, map: reply }
      unknown: { out: undecided }
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
    concurrency: {
      field: concurrencyField,
      default: 'the defaults of its keys',
      fill: defaultConcurrency,
      doc: 'Requests at the same time.',
    },
  },
  spread: {
    key: 'outcomes',
    field: outcomes,
    doc: 'Where the record goes, for each answer: exhaustive over the enum `match`. `unknown` is also taken when no answer can be had, or one that does not fit the type: then the header `__streams.call.unknown` says why.',
  },
});
