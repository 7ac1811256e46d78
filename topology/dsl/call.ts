import type { Duration } from '../core/duration.ts';
import { parseDuration } from '../core/duration.ts';
import type {
  CallDef,
  CallEffect,
  CallOperatorDef,
  OutcomeDef,
  RetryDef,
  UnknownDef,
} from '../definition/definition.ts';
import { defaultEffect } from '../definition/nodes/call-effect.ts';
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

/** What a repeat of a request means, as in the topology file. */
export type EffectOption =
  CallEffect['kind'] | { readonly idempotent: { readonly window: Duration } };

/** An external service. */
export interface ServiceOptions extends Omit<CallDef, 'effect'> {
  /** @defaultValue idempotent, for 24h */
  readonly effect?: EffectOption;
}

/** Where a record goes whose outcome cannot be known: at once, or after it was asked again so many times. */
export type UnknownSpec<F = unknown> = Omit<OutcomeSpec<F>, 'out'> &
  (
    | { readonly out: string }
    | { readonly park: Duration; readonly times: number; readonly then: string }
  );

/** When requests stop for a while. */
export interface BreakerOptions {
  /** Latest requests that count. */
  readonly window: number;
  /** Share of failures among them at which it opens: `50%`. */
  readonly openAt: `${number}%`;
  readonly coolDown: Duration;
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
  U extends UnknownSpec,
> {
  /** Name of a service. */
  readonly service: string;
  /** Field of the request type → expression. */
  readonly request: Readonly<Record<string, Expression>>;
  readonly idempotencyKey: Expression;
  /** How long one attempt waits for its answer. */
  readonly timeout: Duration;
  readonly retry?: RetryOptions;
  /** @defaultValue none */
  readonly breaker?: BreakerOptions;
  readonly concurrency?: Partial<CallOperatorDef['concurrency']>;
  /** How long the call log keeps what became of a request. @defaultValue 30d */
  readonly logRetention?: Duration | 'forever';
  /** Expression over `reply` that picks the outcome. */
  readonly match: Expression;
  readonly outcomes: O;
  /** Where a record goes whose outcome cannot be known. */
  readonly unknown: U;
}

/** Names of the outputs of a `call` stage. */
export type OutcomeName<O extends Readonly<Record<string, OutcomeSpec>>, U extends UnknownSpec> =
  O[keyof O]['out'] | UnknownName<U>;

type UnknownName<U> = U extends { readonly out: infer N extends string }
  ? N
  : U extends { readonly then: infer N extends string }
    ? N
    : never;

/** The operator of a `call` stage. */
export function toCallOperator(
  stage: string,
  options: CallOptions<Readonly<Record<string, OutcomeSpec>>, UnknownSpec>,
  register: Register,
): CallOperatorDef {
  const { outcomes, retry = {}, breaker, logRetention } = options;
  return present<CallOperatorDef>({
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
    breaker: breaker && {
      window: breaker.window,
      openAt: Number(breaker.openAt.slice(0, -1)) / 100,
      coolDownMs: parseDuration(breaker.coolDown, `cool-down of "${stage}"`),
    },
    concurrency: { ...defaultConcurrency, ...options.concurrency },
    logRetentionMs:
      logRetention === undefined || logRetention === 'forever'
        ? logRetention
        : parseDuration(logRetention, `log-retention of "${stage}"`),
    match: expressionText(options.match),
    outcomes: Object.fromEntries(
      Object.entries(outcomes).map(([symbol, outcome]) => [symbol, toOutcome(outcome, register)]),
    ),
    unknown: toUnknown(stage, options.unknown, register),
  });
}

/** The effect that an option stands for. */
export function toEffect(call: string, effect: EffectOption): CallEffect {
  if (typeof effect === 'object') {
    const windowMs = parseDuration(effect.idempotent.window, `window of "${call}"`);
    return { kind: 'idempotent', windowMs };
  }
  return effect === 'idempotent' ? defaultEffect : { kind: effect };
}

function toUnknown(stage: string, spec: UnknownSpec, register: Register): UnknownDef {
  const outcome = toOutcome({ ...spec, out: 'out' in spec ? spec.out : spec.then }, register);
  if (!('park' in spec)) return outcome;
  const afterMs = parseDuration(spec.park, `park of "${stage}"`);
  return { ...outcome, park: { afterMs, times: spec.times } };
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
  options: CallOptions<Readonly<Record<string, OutcomeSpec>>, UnknownSpec>,
): readonly string[] {
  return [
    ...new Set([
      ...Object.values(options.outcomes).map(({ out }) => out),
      'out' in options.unknown ? options.unknown.out : options.unknown.then,
    ]),
  ];
}
