import { IllegalStateError, ProcessingError } from '../../topology/core/errors.ts';
import type { StreamRecord } from '../../topology/core/record.ts';
import type { CallOperatorDef, OutcomeDef } from '../../topology/definition/definition.ts';
import type { Bindings } from '../../topology/expression/expression.ts';
import type { StageNode } from '../../topology/plan/plan.ts';
import { CallReply } from '../call-reply.ts';
import type { StageEnvironment } from '../environment.ts';
import {
  bind,
  compileKey,
  compileValue,
  type Evaluate,
  newBindings,
  scopeOf,
} from '../functions.ts';
import { Operator } from '../operator.ts';
import { inputType } from '../ports.ts';
import type { RecordObserver } from '../relay.ts';
import type { Stage, StageContext } from '../stage.ts';

interface Outcome {
  readonly out: string;
  /** Undefined: the call's input goes on. */
  readonly map: Evaluate | undefined;
}

interface Call {
  readonly outputs: readonly string[];
  readonly request: Evaluate;
  readonly idempotencyKey: Evaluate;
  readonly match: Evaluate;
  readonly outcomes: ReadonlyMap<unknown, Outcome>;
  readonly unknown: Outcome;
}

/** Header of an outcome that is unknown, beside those of the input: why it is. */
export const unknownHeader = '__streams.call.unknown';

const utf8 = new TextEncoder();

class CallOperator extends Operator {
  readonly #bindings: Bindings = newBindings();
  readonly #call: Call;

  constructor(context: StageContext, call: Call) {
    super(context, call.outputs);
    this.#call = call;
  }

  protected override observer(port: string): RecordObserver {
    if (port !== 'reply') return this;
    return {
      next: (record) => this.#reply(record),
      error: (reason) => this.error(reason),
      complete: () => this.complete(),
    };
  }

  protected override process(record: StreamRecord): void {
    const bindings = this.#bindings;
    bind(bindings, record);
    const idempotencyKey = this.#call.idempotencyKey(bindings);
    if (typeof idempotencyKey !== 'string' || idempotencyKey === '') {
      throw new ProcessingError('CALL_NO_KEY', 'the idempotency key is empty: give it some text');
    }
    this.context.issue({ record, request: this.#call.request(bindings), idempotencyKey });
    this.outcomes.absorbed++;
  }

  // The input was counted when it was taken: what its reply causes is output alone.
  #reply(record: StreamRecord): void {
    try {
      this.#send(asReply(record.value));
    } catch (cause) {
      this.fail(cause, record);
    }
  }

  #send(reply: CallReply): void {
    const { input } = reply;
    const bindings = this.#bindings;
    bind(bindings, input);
    bindings.reply = reply.reply;
    const outcome = this.#outcome(reply);
    const value = outcome.map === undefined ? input.value : outcome.map(bindings);
    const { reason } = reply;
    this.outcomes.out++;
    this.output(outcome.out).next(
      reason === undefined
        ? input.withValue(value)
        : input.with({ value, headers: [...input.headers, [unknownHeader, utf8.encode(reason)]] }),
    );
  }

  /** A symbol that no outcome names, say of a newer schema, counts as unknown. */
  #outcome(reply: CallReply): Outcome {
    if (reply.outcome === 'unknown') return this.#call.unknown;
    return this.#call.outcomes.get(this.#call.match(this.#bindings)) ?? this.#call.unknown;
  }
}

/**
 * Compiles `call`. A record of its input becomes an intent (request and idempotency key) and counts
 * as absorbed; a {@link CallReply} on port `reply` becomes a record of the output that the matching
 * outcome names, with the input's key, headers and time, and its value or what `map` makes of it. An
 * outcome that is unknown for want of a reply says why in the header {@link unknownHeader}.
 *
 * The engine journals intents, issues them once their transaction is known to be committed, and
 * feeds the replies (design.md 7).
 */
export function compileCall(
  node: StageNode,
  operator: CallOperatorDef,
  environment: StageEnvironment,
): Stage {
  const plan = environment.call(operator.call);
  if (plan === undefined || plan.request.kind !== 'record') {
    throw new IllegalStateError(
      'PLAN_CALL',
      `call "${operator.call}" of node "${node.name}" has no request record in the plan`,
    );
  }
  const type = inputType(node);
  const scope = scopeOf(environment, type);
  const replyScope = scopeOf(environment, type, { reply: plan.reply });
  // With an unknown outcome there is no reply to look at.
  const outcome = (def: OutcomeDef, scopeOfMap = replyScope): Outcome => ({
    out: def.out,
    map:
      def.map &&
      compileValue(def.map, {
        environment,
        scope: scopeOfMap,
        ...expected(node, def.out),
        args: 'outcome',
      }),
  });
  const call: Call = {
    outputs: [
      ...new Set([...Object.values(operator.outcomes), operator.unknown].map(({ out }) => out)),
    ],
    request: environment.projection(plan.request.name, operator.request, scope).run,
    idempotencyKey: compileKey(
      { expr: operator.idempotencyKey },
      { environment, scope, expected: { kind: 'string' }, args: 'record' },
    ),
    match: compileKey(
      { expr: operator.match },
      { environment, scope: replyScope, args: 'outcome' },
    ),
    outcomes: new Map(
      Object.entries(operator.outcomes).map(([symbol, def]) => [symbol, outcome(def)]),
    ),
    unknown: outcome(operator.unknown, scope),
  };
  return { connect: (inputs, context) => new CallOperator(context, call).open(inputs) };
}

function expected(node: StageNode, out: string): { readonly expected?: StageNodeType } {
  const type = node.outputs[out];
  return type === undefined ? {} : { expected: type.value };
}

type StageNodeType = StageNode['outputs'][string]['value'];

function asReply(value: unknown): CallReply {
  if (value instanceof CallReply) return value;
  throw new IllegalStateError('CALL_REPLY', 'what came by port "reply" is no CallReply');
}
