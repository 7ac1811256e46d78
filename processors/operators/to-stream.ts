import type { StreamRecord } from '../../topology/core/record.ts';
import type { Bindings } from '../../topology/expression/expression.ts';
import type { StageNode } from '../../topology/plan/plan.ts';
import type { StageEnvironment } from '../environment.ts';
import { bind, compileKey, type Evaluate, newBindings, scopeOf } from '../functions.ts';
import { Operator } from '../operator.ts';
import { inputType, outputType } from '../ports.ts';
import type { Stage, StageContext } from '../stage.ts';
import { withKeyValue } from './map.ts';

class ToStreamOperator extends Operator {
  readonly #bindings: Bindings = newBindings();
  readonly #key: Evaluate | undefined;

  constructor(context: StageContext, key: Evaluate | undefined) {
    super(context);
    this.#key = key;
  }

  protected override process(record: StreamRecord): void {
    if (this.#key === undefined) {
      this.emit(record.withValue(record.value));
      return;
    }
    bind(this.#bindings, record);
    this.emit(withKeyValue(record, this.#key(this.#bindings), record.value));
  }
}

/**
 * Compiles `to-stream`: each change of a table as a record; a row that goes is a null value. Kafka
 * Streams `KTable.toStream`.
 */
export function compileToStream(
  node: StageNode,
  operator: { readonly key?: string },
  environment: StageEnvironment,
): Stage {
  const key =
    operator.key === undefined
      ? undefined
      : compileKey(
          { expr: operator.key },
          {
            environment,
            scope: scopeOf(environment, inputType(node)),
            expected: outputType(node).key,
            args: 'record',
          },
        );
  return { connect: (inputs, context) => new ToStreamOperator(context, key).open(inputs) };
}
