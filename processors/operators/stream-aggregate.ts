import type { StreamRecord } from '../../topology/core/record.ts';
import type { Bindings } from '../../topology/expression/expression.ts';
import type { Aggregator } from '../aggregator.ts';
import { bind, newBindings } from '../functions.ts';
import { Operator } from '../operator.ts';
import { change, RowWriter } from '../rows.ts';
import type { Stage, StageContext } from '../stage.ts';

class StreamAggregateOperator extends Operator {
  readonly #bindings: Bindings = newBindings();
  readonly #rows: RowWriter;
  readonly #aggregator: Aggregator;
  readonly #sendOld: boolean;

  constructor(context: StageContext, store: string, aggregator: Aggregator, sendOld: boolean) {
    super(context);
    this.#rows = new RowWriter(context.store(store));
    this.#aggregator = aggregator;
    this.#sendOld = sendOld;
  }

  protected override process(record: StreamRecord): void {
    const { key, value } = record;
    if (key === null) {
      this.outcomes.nullKey++;
      return;
    }
    if (value === null) {
      this.outcomes.nullValue++;
      return;
    }
    const row = this.#rows.store.row(key);
    const time = row === undefined ? record.time : Math.max(record.time, row.time);
    const bindings = this.#bindings;
    bind(bindings, record);
    let before: unknown = null;
    let after: unknown = value;
    if (row !== undefined || this.#aggregator.init !== undefined) {
      // The old row of a new group is its initial aggregate, as in `KStreamAggregate`; `reduce` has
      // none.
      before = row === undefined ? this.#aggregator.init?.(bindings) : row.value;
      bindings.aggregate = before;
      after = this.#aggregator.add(bindings);
    }
    this.#rows.write(key, after, time);
    if (!this.out.observed) {
      this.emitUnheard();
      return;
    }
    this.emit(change(record, key, after, this.#sendOld ? before : undefined, time));
  }
}

/**
 * A stage that aggregates a stream per key: one result per record, its time the largest of its
 * records'. Null keys and null values are dropped and counted; an aggregate of null deletes the
 * row. Kafka Streams `KStreamAggregate`, `KStreamReduce`.
 */
export function streamAggregate(store: string, aggregator: Aggregator, sendOld: boolean): Stage {
  return {
    connect: (inputs, context) =>
      new StreamAggregateOperator(context, store, aggregator, sendOld).open(inputs),
  };
}
