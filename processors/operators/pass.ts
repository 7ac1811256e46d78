import type { StreamRecord } from '../../topology/core/record.ts';
import { Operator } from '../operator.ts';
import type { Stage } from '../stage.ts';

class PassOperator extends Operator {
  protected override process(record: StreamRecord): void {
    this.emit(record);
  }
}

/**
 * Compiles a stage that hands on what comes: merging, fan-out, and `repartition`, whose work is
 * done by the topics around it. Inputs interleave as they arrive. Kafka Streams `merge`,
 * `repartition`.
 */
export function compilePass(): Stage {
  return { connect: (inputs, context) => new PassOperator(context).open(inputs) };
}
