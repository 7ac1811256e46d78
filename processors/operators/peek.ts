import type { StreamRecord } from '../../topology/core/record.ts';
import type { StageEnvironment } from '../environment.ts';
import { userFunction, type UserFunction } from '../functions.ts';
import { Operator } from '../operator.ts';
import type { Stage, StageContext } from '../stage.ts';

class PeekOperator extends Operator {
  readonly #call: UserFunction;

  constructor(context: StageContext, call: UserFunction) {
    super(context);
    this.#call = call;
  }

  protected override process(record: StreamRecord): void {
    this.#call(record.value, record.key, record);
    this.emit(record);
  }
}

/**
 * Compiles `peek`: calls a function and hands the record on. Kafka Streams `KStreamPeek`.
 *
 * **Gotchas** A batch that fails runs again, so the function may see a record more than once. Its
 * result is ignored, a promise that is rejected, too.
 */
export function compilePeek(
  operator: { readonly use: string },
  environment: StageEnvironment,
): Stage {
  const call = userFunction(environment, operator.use);
  return { connect: (inputs, context) => new PeekOperator(context, call).open(inputs) };
}
