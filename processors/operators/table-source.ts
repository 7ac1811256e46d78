import type { StreamRecord } from '../../topology/core/record.ts';
import type { SourceNode, StageNode } from '../../topology/plan/plan.ts';
import { Operator } from '../operator.ts';
import { change, RowWriter } from '../rows.ts';
import type { Stage, StageContext } from '../stage.ts';

class UpsertOperator extends Operator {
  readonly #rows: RowWriter | undefined;
  readonly #sendOld: boolean;

  constructor(context: StageContext, store: string | undefined, sendOld: boolean) {
    super(context);
    this.#rows = store === undefined ? undefined : new RowWriter(context.store(store));
    this.#sendOld = sendOld;
  }

  protected override process(record: StreamRecord): void {
    const { key, value, time } = record;
    if (key === null) {
      this.outcomes.nullKey++;
      return;
    }
    const rows = this.#rows;
    if (rows === undefined) {
      this.emit(record);
      return;
    }
    const old = this.#sendOld ? (rows.store.get(key) ?? null) : undefined;
    // In offset order: a record that is older than the row overwrites it all the same.
    rows.write(key, value, time);
    this.emit(old === undefined ? record : change(record, key, value, old, time));
  }
}

/**
 * Compiles the source of a table: rows go into its store, if it has one; null keys are dropped and
 * counted; a null value deletes. The old row is sent where the plan says so. Kafka Streams
 * `KTableSource`.
 */
export function tableSource(node: SourceNode): Stage {
  return upserts(node.store, node.sendOld);
}

/** Compiles `to-table`: a stream read as upserts, just like a table's source. */
export function compileToTable(node: StageNode): Stage {
  return upserts(node.store, node.sendOld);
}

function upserts(store: string | undefined, sendOld: boolean): Stage {
  return {
    connect: (inputs, context) => new UpsertOperator(context, store, sendOld).open(inputs),
  };
}
