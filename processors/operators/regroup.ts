import type { StreamRecord } from '../../topology/core/record.ts';
import type { ValueFn } from '../../topology/definition/definition.ts';
import type { Bindings } from '../../topology/expression/expression.ts';
import type { StageNode } from '../../topology/plan/plan.ts';
import { equalValues } from '../canonical.ts';
import type { StageEnvironment } from '../environment.ts';
import { compileKey, compileValue, type Evaluate, newBindings, rowScopeOf } from '../functions.ts';
import { Operator } from '../operator.ts';
import { inputType, outputType } from '../ports.ts';
import { change } from '../rows.ts';
import type { Stage, StageContext } from '../stage.ts';

class RegroupOperator extends Operator {
  readonly #bindings: Bindings = newBindings();
  readonly #by: Evaluate;
  readonly #value: Evaluate | undefined;

  constructor(context: StageContext, by: Evaluate, value: Evaluate | undefined) {
    super(context);
    this.#by = by;
    this.#value = value;
  }

  protected override process(record: StreamRecord): void {
    const newRow = record.value;
    const oldRow = record.old ?? null;
    // A half without row, group key or value is no half (semantics 3, "KGroupedTable").
    const newKey = newRow === null ? null : this.#group(record.key, newRow);
    const newValue = newKey === null ? null : this.#map(newRow);
    const oldKey = oldRow === null ? null : this.#group(record.key, oldRow);
    const oldValue = oldKey === null ? null : this.#map(oldRow);
    if (newValue === null && oldValue === null) {
      this.#countNothing(newRow === null && oldRow === null, newKey === null && oldKey === null);
      return;
    }
    this.outcomes.emitted++;
    if (newValue !== null && oldValue !== null && equalValues(newKey, oldKey)) {
      this.#send(change(record, newKey, newValue, oldValue, record.time));
      return;
    }
    if (oldValue !== null) this.#send(change(record, oldKey, null, oldValue, record.time));
    if (newValue !== null) this.#send(change(record, newKey, newValue, null, record.time));
  }

  #group(key: unknown, row: unknown): unknown {
    this.#bindings.key = key;
    this.#bindings.value = row;
    return this.#by(this.#bindings);
  }

  // Uses key and row as #group has just bound them.
  #map(row: unknown): unknown {
    return this.#value === undefined ? row : this.#value(this.#bindings);
  }

  #send(record: StreamRecord): void {
    this.outcomes.out++;
    this.out.next(record);
  }

  #countNothing(noRow: boolean, noKey: boolean): void {
    if (noRow) this.outcomes.filtered++;
    else if (noKey) this.outcomes.nullKey++;
    else this.outcomes.nullValue++;
  }
}

/**
 * Compiles the re-grouping of a table: each change becomes one change of its group, or, if the row
 * moves, a retraction from its old group, then an addition to its new one. Kafka Streams
 * `KTableRepartitionMap`, KIP-904.
 */
export function compileRegroup(
  node: StageNode,
  operator: { readonly by: string; readonly value?: ValueFn },
  environment: StageEnvironment,
): Stage {
  const type = outputType(node);
  const position = {
    environment,
    scope: rowScopeOf(environment, inputType(node)),
    args: 'row',
  } as const;
  const by = compileKey({ expr: operator.by }, { ...position, expected: type.key });
  const value =
    operator.value && compileValue(operator.value, { ...position, expected: type.value });
  return { connect: (inputs, context) => new RegroupOperator(context, by, value).open(inputs) };
}
