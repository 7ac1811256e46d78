import { ProcessingError } from '../../topology/core/errors.ts';
import { StreamRecord } from '../../topology/core/record.ts';
import type { Fn, ValueFn } from '../../topology/definition/definition.ts';
import type { Bindings } from '../../topology/expression/expression.ts';
import type { StageNode } from '../../topology/plan/plan.ts';
import type { StageEnvironment } from '../environment.ts';
import {
  bind,
  compileKey,
  compileValue,
  type Evaluate,
  newBindings,
  scopeOf,
  userFunction,
  type UserFunction,
} from '../functions.ts';
import { Operator } from '../operator.ts';
import { inputType, outputName, outputType } from '../ports.ts';
import type { Stage, StageContext } from '../stage.ts';

/** A new key and value, as functions of `map` and `flat-map` give them. */
export interface KeyValue<K = unknown, V = unknown> {
  readonly key: K;
  readonly value: V;
}

/** The record with another key and value; time, headers and origin stay. */
export function withKeyValue(record: StreamRecord, key: unknown, value: unknown): StreamRecord {
  return new StreamRecord(
    key,
    value,
    record.time,
    record.headers,
    record.topic,
    record.partition,
    record.offset,
  );
}

/**
 * The key and value that a function of the user's gave.
 * @throws {ProcessingError} FUNCTION_RESULT if it is no object with both
 */
export function asKeyValue(name: string, result: unknown): KeyValue {
  if (typeof result === 'object' && result !== null && 'key' in result && 'value' in result) {
    return result;
  }
  throw new ProcessingError(
    'FUNCTION_RESULT',
    `"${name}" must give { key, value }; use flat-map to drop records`,
  );
}

class MapOperator extends Operator {
  readonly #bindings: Bindings = newBindings();
  readonly #key: Evaluate | undefined;
  readonly #value: Evaluate | undefined;

  constructor(context: StageContext, output: string, key?: Evaluate, value?: Evaluate) {
    super(context, [output]);
    this.#key = key;
    this.#value = value;
  }

  protected override process(record: StreamRecord): void {
    const bindings = this.#bindings;
    bind(bindings, record);
    const key = this.#key === undefined ? record.key : this.#key(bindings);
    const value = this.#value === undefined ? record.value : this.#value(bindings);
    this.emit(withKeyValue(record, key, value));
  }
}

class MapFunctionOperator extends Operator {
  readonly #name: string;
  readonly #call: UserFunction;

  constructor(context: StageContext, output: string, name: string, call: UserFunction) {
    super(context, [output]);
    this.#name = name;
    this.#call = call;
  }

  protected override process(record: StreamRecord): void {
    const mapped = asKeyValue(this.#name, this.#call(record.value, record.key, record));
    this.emit(withKeyValue(record, mapped.key, mapped.value));
  }
}

/**
 * Compiles `map`: a new key, a new value, or both. Both expressions see the record as it came.
 * Kafka Streams `KStreamMap`.
 */
export function compileMap(
  node: StageNode,
  operator: { readonly key?: Fn; readonly value?: ValueFn; readonly use?: string },
  environment: StageEnvironment,
): Stage {
  const output = outputName(node);
  const { use } = operator;
  if (use !== undefined) {
    const call = userFunction(environment, use);
    return {
      connect: (inputs, context) =>
        new MapFunctionOperator(context, output, use, call).open(inputs),
    };
  }
  const scope = scopeOf(environment, inputType(node));
  const position = { environment, scope, args: 'record' } as const;
  const type = outputType(node);
  const key = operator.key && compileKey(operator.key, { ...position, expected: type.key });
  const value =
    operator.value && compileValue(operator.value, { ...position, expected: type.value });
  return {
    connect: (inputs, context) => new MapOperator(context, output, key, value).open(inputs),
  };
}

/**
 * Compiles a change of key (`key` on an input, `group-by`), with a new value if one is given. Kafka
 * Streams `selectKey`.
 */
export function compileRekey(
  node: StageNode,
  operator: { readonly by: string; readonly value?: ValueFn },
  environment: StageEnvironment,
): Stage {
  const { by, value } = operator;
  return compileMap(
    node,
    value === undefined ? { key: { expr: by } } : { key: { expr: by }, value },
    environment,
  );
}

/**
 * Compiles `map-values` over a stream: null values reach the function. Kafka Streams
 * `KStreamMapValues`.
 */
export function compileMapValues(
  node: StageNode,
  operator: { readonly value: ValueFn },
  environment: StageEnvironment,
): Stage {
  return compileMap(node, { value: operator.value }, environment);
}
