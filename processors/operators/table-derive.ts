import type { StreamRecord } from '../../topology/core/record.ts';
import type { Bindings } from '../../topology/expression/expression.ts';
import type { StageNode } from '../../topology/plan/plan.ts';
import type { StageEnvironment } from '../environment.ts';
import { newBindings } from '../functions.ts';
import { Operator } from '../operator.ts';
import { change, RowWriter } from '../rows.ts';
import type { Stage, StageContext } from '../stage.ts';
import { compileRow, type RowFunction } from '../table-row.ts';

class DeriveOperator extends Operator {
  readonly #bindings: Bindings = newBindings();
  readonly #row: RowFunction;
  readonly #rows: RowWriter | undefined;
  readonly #sendOld: boolean;
  readonly #filters: boolean;

  constructor(context: StageContext, node: StageNode, row: RowFunction) {
    super(context);
    this.#row = row;
    this.#rows = node.store === undefined ? undefined : new RowWriter(context.store(node.store));
    this.#sendOld = node.sendOld;
    this.#filters = node.operator.kind !== 'map-values';
  }

  protected override process(record: StreamRecord): void {
    const { key } = record;
    const value = this.#row(this.#bindings, key, record.value);
    const old = this.#tracks(record) ? this.#old(record) : undefined;
    // A row that was not there and is not there: no tombstone for it, where that is known.
    if (this.#filters && old === null && value === null) {
      this.outcomes.filtered++;
      return;
    }
    this.#rows?.write(key, value, record.time);
    this.emit(change(record, key, value, this.#sendOld ? old : undefined, record.time));
  }

  /** Old rows are looked at where they are sent on, and by a filter where they come for free. */
  #tracks(record: StreamRecord): boolean {
    if (this.#sendOld) return true;
    return this.#filters && this.#rows === undefined && record.old !== undefined;
  }

  #old(record: StreamRecord): unknown {
    if (this.#rows !== undefined) return this.#rows.store.get(record.key) ?? null;
    return this.#row(this.#bindings, record.key, record.old ?? null);
  }
}

/**
 * Compiles `filter`, `filter-not` or `map-values` over a table, with or without a store of its own.
 * A row that does not pass becomes a tombstone, also if it never passed, unless old rows are
 * tracked and there was none. Kafka Streams `KTableFilter`, `KTableMapValues`.
 */
export function compileTableDerive(node: StageNode, environment: StageEnvironment): Stage {
  const row = compileRow(node, environment);
  return { connect: (inputs, context) => new DeriveOperator(context, node, row).open(inputs) };
}
