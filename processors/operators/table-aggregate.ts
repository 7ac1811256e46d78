import type { StreamRecord } from '../../topology/core/record.ts';
import type { Bindings } from '../../topology/expression/expression.ts';
import type { Aggregator } from '../aggregator.ts';
import { newBindings, type Evaluate } from '../functions.ts';
import { Operator } from '../operator.ts';
import { change, RowWriter } from '../rows.ts';
import type { Stage, StageContext } from '../stage.ts';

class TableAggregateOperator extends Operator {
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
    const old = record.old ?? null;
    if (key === null) {
      this.outcomes.nullKey++;
      return;
    }
    const row = this.#rows.store.row(key);
    const before = row === undefined ? null : row.value;
    const time =
      row !== undefined && (old !== null || value !== null)
        ? Math.max(record.time, row.time)
        : record.time;
    this.#bindings.record = record;
    this.#bindings.key = key;
    // First out with the old, then in with the new; nothing can be taken out of nothing.
    let after = before;
    if (old !== null && before !== null) after = this.#subtract(before, old);
    if (value !== null) after = this.#add(after, value);
    this.#rows.write(key, after, time);
    this.emit(change(record, key, after, this.#sendOld ? before : undefined, time));
  }

  #subtract(aggregate: unknown, value: unknown): unknown {
    this.#bindings.aggregate = aggregate;
    this.#bindings.value = value;
    return (this.#aggregator.subtract as Evaluate)(this.#bindings);
  }

  #add(aggregate: unknown, value: unknown): unknown {
    const bindings = this.#bindings;
    bindings.value = value;
    bindings.aggregate = aggregate;
    if (aggregate === null) {
      if (this.#aggregator.init === undefined) return value;
      bindings.aggregate = this.#aggregator.init(bindings);
    }
    return this.#aggregator.add(bindings);
  }
}

/**
 * A stage that aggregates a re-grouped table: the old value is subtracted, then the new one added;
 * one result per change, its time the larger of the row's and the change's. An aggregate of null
 * deletes the row. Kafka Streams `KTableAggregate`, `KTableReduce`.
 */
export function tableAggregate(store: string, aggregator: Aggregator, sendOld: boolean): Stage {
  return {
    connect: (inputs, context) =>
      new TableAggregateOperator(context, store, aggregator, sendOld).open(inputs),
  };
}
