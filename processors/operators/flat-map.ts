import { ProcessingError } from '../../topology/core/errors.ts';
import type { StreamRecord } from '../../topology/core/record.ts';
import type { ValueFn } from '../../topology/definition/definition.ts';
import type { Bindings } from '../../topology/expression/expression.ts';
import type { StageNode } from '../../topology/plan/plan.ts';
import type { StageEnvironment } from '../environment.ts';
import {
  bind,
  compileValue,
  type Evaluate,
  newBindings,
  scopeOf,
  userFunction,
  type UserFunction,
} from '../functions.ts';
import { Operator } from '../operator.ts';
import { inputType } from '../ports.ts';
import type { Stage, StageContext } from '../stage.ts';
import { asKeyValue, withKeyValue } from './map.ts';

abstract class ManyOperator extends Operator {
  /** Sends the records that `record` becomes, in order; none: it counts as filtered. */
  protected abstract expand(record: StreamRecord): Iterable<StreamRecord>;

  protected override process(record: StreamRecord): void {
    // All results exist before the first is sent: a function that fails half-way has sent nothing.
    const records = [...this.expand(record)];
    if (records.length === 0) {
      this.outcomes.filtered++;
      return;
    }
    this.outcomes.emitted++;
    for (const each of records) {
      this.outcomes.out++;
      this.out.next(each);
    }
  }
}

class FlatMapOperator extends ManyOperator {
  readonly #name: string;
  readonly #call: UserFunction;

  constructor(context: StageContext, name: string, call: UserFunction) {
    super(context);
    this.#name = name;
    this.#call = call;
  }

  protected override *expand(record: StreamRecord): Iterable<StreamRecord> {
    const results = this.#call(record.value, record.key, record);
    for (const result of list(this.#name, results)) {
      const mapped = asKeyValue(this.#name, result);
      yield withKeyValue(record, mapped.key, mapped.value);
    }
  }
}

class FlatMapValuesOperator extends ManyOperator {
  readonly #bindings: Bindings = newBindings();
  readonly #values: Evaluate;

  constructor(context: StageContext, values: Evaluate) {
    super(context);
    this.#values = values;
  }

  protected override *expand(record: StreamRecord): Iterable<StreamRecord> {
    bind(this.#bindings, record);
    for (const value of list(this.context.stage, this.#values(this.#bindings))) {
      yield record.withValue(value);
    }
  }
}

/**
 * Compiles `flat-map`: a function from one record to any number of `{ key, value }`. Kafka Streams
 * `KStreamFlatMap`.
 */
export function compileFlatMap(
  operator: { readonly use: string },
  environment: StageEnvironment,
): Stage {
  const call = userFunction(environment, operator.use);
  return {
    connect: (inputs, context) => new FlatMapOperator(context, operator.use, call).open(inputs),
  };
}

/**
 * Compiles `flat-map-values`: from one record to one per element of a list. Kafka Streams
 * `KStreamFlatMapValues`.
 */
export function compileFlatMapValues(
  node: StageNode,
  operator: { readonly value: ValueFn },
  environment: StageEnvironment,
): Stage {
  // No expected type: the expression gives a list of what the output carries.
  const values = compileValue(operator.value, {
    environment,
    scope: scopeOf(environment, inputType(node)),
    args: 'record',
  });
  return {
    connect: (inputs, context) => new FlatMapValuesOperator(context, values).open(inputs),
  };
}

function list(name: string, result: unknown): Iterable<unknown> {
  if (typeof result === 'object' && result !== null && Symbol.iterator in result) {
    return result as Iterable<unknown>;
  }
  throw new ProcessingError('FUNCTION_RESULT', `"${name}" must give a list, possibly empty`);
}
