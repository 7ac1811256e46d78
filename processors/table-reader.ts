import { IllegalStateError } from '../topology/core/errors.ts';
import type { Bindings } from '../topology/expression/expression.ts';
import type { NodeOutput } from '../topology/plan/plan.ts';
import type { StageEnvironment } from './environment.ts';
import { newBindings } from './functions.ts';
import type { StageContext } from './stage.ts';
import type { ReadOnlyKeyValueStore } from './store.ts';
import { compileRow, type RowFunction } from './table-row.ts';

/** Reads rows of a table, stored or derived. */
export interface TableReader {
  /** The row, or null if there is none. */
  get(key: unknown): unknown;
}

/** Makes the reader for one attempt of a batch. */
export type OpenTable = (context: StageContext) => TableReader;

class StoreReader implements TableReader {
  readonly #store: ReadOnlyKeyValueStore;

  constructor(store: ReadOnlyKeyValueStore) {
    this.#store = store;
  }

  get(key: unknown): unknown {
    return this.#store.get(key) ?? null;
  }
}

class DerivedReader implements TableReader {
  readonly #parent: TableReader;
  readonly #row: RowFunction;
  readonly #bindings: Bindings = newBindings();

  constructor(parent: TableReader, row: RowFunction) {
    this.#parent = parent;
    this.#row = row;
  }

  get(key: unknown): unknown {
    return this.#row(this.#bindings, key, this.#parent.get(key));
  }
}

/**
 * Compiles access to a table: from its store, or from the nearest stored ancestor through the
 * functions in between (Kafka Streams `KTableValueGetter`). The stage that reads must have that
 * store among its own.
 * @throws {IllegalStateError} PLAN_TABLE_UNKNOWN, PLAN_NOT_MATERIALISED or PLAN_NOT_DERIVED if the
 * plan offers no way to read it
 */
export function compileTableReader(table: NodeOutput, environment: StageEnvironment): OpenTable {
  const global = environment.globalTable(table.node);
  if (global !== undefined) return openStore(global.store);
  const node = environment.node(table.node);
  if (node === undefined || node.kind === 'sink') {
    throw new IllegalStateError('PLAN_TABLE_UNKNOWN', `no table "${table.node}" in the plan`);
  }
  if (node.store !== undefined) return openStore(node.store);
  if (node.kind === 'source') {
    throw new IllegalStateError(
      'PLAN_NOT_MATERIALISED',
      `table "${node.name}" is read by key and has no store in the plan`,
    );
  }
  const parent = Object.values(node.inputs)[0]?.[0];
  if (parent === undefined) {
    throw new IllegalStateError('PLAN_NO_INPUT', `node "${node.name}" has no input in the plan`);
  }
  const openParent = compileTableReader(parent, environment);
  if (node.operator.kind === 'pass') return openParent;
  const row = compileRow(node, environment);
  return (context) => new DerivedReader(openParent(context), row);
}

function openStore(store: string): OpenTable {
  return (context) => new StoreReader(context.store(store));
}
