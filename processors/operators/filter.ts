import type { StreamRecord } from '../../topology/core/record.ts';
import type { Fn } from '../../topology/definition/definition.ts';
import type { Bindings } from '../../topology/expression/expression.ts';
import type { StageNode } from '../../topology/plan/plan.ts';
import type { StageEnvironment } from '../environment.ts';
import { bind, compileTest, type Evaluate, newBindings, scopeOf } from '../functions.ts';
import { Operator } from '../operator.ts';
import { inputType } from '../ports.ts';
import type { Stage, StageContext } from '../stage.ts';

class FilterOperator extends Operator {
  readonly #bindings: Bindings = newBindings();
  readonly #test: Evaluate;
  readonly #keep: boolean;

  constructor(context: StageContext, test: Evaluate, keep: boolean) {
    super(context);
    this.#test = test;
    this.#keep = keep;
  }

  protected override process(record: StreamRecord): void {
    bind(this.#bindings, record);
    if (this.#test(this.#bindings) === this.#keep) this.emit(record);
    else this.outcomes.filtered++;
  }
}

/**
 * Compiles `filter` or `filter-not` over a stream: the rest is counted as filtered. Kafka Streams
 * `KStreamFilter`.
 */
export function compileFilter(
  node: StageNode,
  operator: { readonly kind: 'filter' | 'filter-not'; readonly when: Fn },
  environment: StageEnvironment,
): Stage {
  const scope = scopeOf(environment, inputType(node));
  const test = compileTest(operator.when, { environment, scope, args: 'record' });
  const keep = operator.kind === 'filter';
  return { connect: (inputs, context) => new FilterOperator(context, test, keep).open(inputs) };
}
