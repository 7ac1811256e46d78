import type { Duration } from '../core/duration.ts';
import { parseDuration } from '../core/duration.ts';
import type { CallOperatorDef, OutcomeDef, RetryDef } from '../definition/definition.ts';
import { defaultConcurrency, defaultRetry } from '../definition/nodes/call-policy.ts';
import type { Expression } from './expr.ts';
import type { Register, ValueSpec } from './use.ts';
import { expressionText, expressionTexts, present, toValueFn } from './use.ts';

/** Where a record goes for one answer. */
export interface OutcomeSpec<F = unknown> {
  readonly out: string;
  /** Value of the output. @defaultValue the input's */
  readonly map?: ValueSpec<F>;
  /** `stage.output` whose effect this outcome undoes. */
  readonly compensates?: string | { readonly ref: string };
}

/** How requests are repeated. Each option has the default of the topology file. */
export interface RetryOptions {
  readonly attempts?: number | 'unlimited';
  readonly backoff?: Duration;
  readonly max?: Duration;
  readonly jitter?: RetryDef['jitter'];
  readonly when?: RetryDef['when'];
}

/** Options of a `call` stage. */
export interface CallOptions<
  O extends Readonly<Record<string, OutcomeSpec>>,
  U extends OutcomeSpec,
> {
  /** Name of a service. */
  readonly service: string;
  /** Field of the request type → expression. */
  readonly request: Readonly<Record<string, Expression>>;
  readonly idempotencyKey: Expression;
  /** How long one attempt waits for its answer. */
  readonly timeout: Duration;
  readonly retry?: RetryOptions;
  readonly concurrency?: Partial<CallOperatorDef['concurrency']>;
  /** Expression over `reply` that picks the outcome. */
  readonly match: Expression;
  readonly outcomes: O;
  /** Where a record goes whose outcome cannot be known. */
  readonly unknown: U;
}

/** Names of the outputs of a `call` stage. */
export type OutcomeName<O extends Readonly<Record<string, OutcomeSpec>>, U extends OutcomeSpec> =
  O[keyof O]['out'] | U['out'];

/** The operator of a `call` stage. */
export function toCallOperator(
  stage: string,
  options: CallOptions<Readonly<Record<string, OutcomeSpec>>, OutcomeSpec>,
  register: Register,
): CallOperatorDef {
  const { outcomes, retry = {} } = options;
  return {
    kind: 'call',
    call: options.service,
    request: expressionTexts(options.request),
    idempotencyKey: expressionText(options.idempotencyKey),
    timeoutMs: parseDuration(options.timeout, `timeout of "${stage}"`),
    retry: {
      attempts: retry.attempts ?? defaultRetry.attempts,
      backoffMs: parseDuration(retry.backoff ?? defaultRetry.backoffMs, `backoff of "${stage}"`),
      maxMs: parseDuration(retry.max ?? defaultRetry.maxMs, `max of "${stage}"`),
      jitter: retry.jitter ?? defaultRetry.jitter,
      when: retry.when ?? defaultRetry.when,
    },
    concurrency: { ...defaultConcurrency, ...options.concurrency },
    match: expressionText(options.match),
    outcomes: Object.fromEntries(
      Object.entries(outcomes).map(([symbol, outcome]) => [symbol, toOutcome(outcome, register)]),
    ),
    unknown: toOutcome(options.unknown, register),
  };
}

function toOutcome(outcome: OutcomeSpec, register: Register): OutcomeDef {
  const { out, map, compensates } = outcome;
  return present<OutcomeDef>({
    out,
    map: map === undefined ? undefined : toValueFn(map, register),
    compensates: typeof compensates === 'object' ? compensates.ref : compensates,
  });
}

/** Names of the outputs of a `call` stage, each once, in the order of the outcomes. */
export function outcomeOutputs(
  options: CallOptions<Readonly<Record<string, OutcomeSpec>>, OutcomeSpec>,
): readonly string[] {
  return [...new Set([...Object.values(options.outcomes), options.unknown].map(({ out }) => out))];
}
