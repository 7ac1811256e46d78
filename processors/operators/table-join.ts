import type { AvroType } from '../../topology/core/avro.ts';
import type { StreamRecord } from '../../topology/core/record.ts';
import type { ValueFn } from '../../topology/definition/definition.ts';
import type { Bindings } from '../../topology/expression/expression.ts';
import type { NodeOutput, StageNode } from '../../topology/plan/plan.ts';
import type { StageEnvironment } from '../environment.ts';
import {
  bind,
  compileKey,
  compileValue,
  type Evaluate,
  newBindings,
  scopeOf,
} from '../functions.ts';
import { Operator } from '../operator.ts';
import { inputType, outputType } from '../ports.ts';
import type { RecordObserver } from '../relay.ts';
import type { Stage, StageContext } from '../stage.ts';
import { compileTableReader, type OpenTable, type TableReader } from '../table-reader.ts';

interface Join {
  readonly left: boolean;
  readonly open: OpenTable;
  /** Key to look up; undefined: the record's own. */
  readonly on: Evaluate | undefined;
  readonly value: Evaluate;
}

class TableJoinOperator extends Operator {
  readonly #bindings: Bindings = newBindings();
  readonly #join: Join;
  readonly #table: TableReader;

  constructor(context: StageContext, join: Join) {
    super(context);
    this.#join = join;
    this.#table = join.open(context);
  }

  /**
   * Changes of the table move nothing (semantics 6.2); its errors and its end count all the same.
   */
  protected override observer(port: string): RecordObserver {
    if (port !== 'with') return this;
    return {
      next: () => {},
      error: (reason) => this.error(reason),
      complete: () => this.complete(),
    };
  }

  protected override process(record: StreamRecord): void {
    const { left, on, value } = this.#join;
    if (record.value === null) {
      this.outcomes.nullValue++;
      return;
    }
    const bindings = this.#bindings;
    bind(bindings, record);
    const key = on === undefined ? record.key : on(bindings);
    if (key === null && !left) {
      this.outcomes.nullKey++;
      return;
    }
    const row = key === null ? null : this.#table.get(key);
    if (row === null && !left) {
      this.outcomes.unmatched++;
      return;
    }
    bindings.left = record.value;
    bindings.right = row;
    this.emit(record.withValue(value(bindings)));
  }
}

/**
 * Compiles the join of a stream with a table or a global table, inner or left: each record meets
 * the row of its key (of the key `on` gives) as it is now. The result keeps the record's key and
 * time. An inner join drops null keys and what has no row, and counts both; a left join keeps both,
 * with `right` null; both drop null values. Kafka Streams `KStreamKTableJoinProcessor`, 4.3.1.
 */
export function compileTableJoin(
  node: StageNode,
  operator: {
    readonly with: string;
    readonly type: 'inner' | 'left';
    readonly on?: string;
    readonly value: ValueFn;
  },
  environment: StageEnvironment,
): Stage {
  const table = node.inputs['with']?.[0] ?? reference(operator.with);
  const stream = inputType(node);
  const left = operator.type === 'left';
  const right = rowType(node, table, environment);
  const more: Record<string, AvroType> = { left: stream.value };
  if (right !== undefined) more['right'] = left ? nullable(right) : right;
  const join: Join = {
    left,
    open: compileTableReader(table, environment),
    on:
      operator.on === undefined
        ? undefined
        : compileKey(
            { expr: operator.on },
            { environment, scope: scopeOf(environment, stream), args: 'record' },
          ),
    value: compileValue(operator.value, {
      environment,
      scope: scopeOf(environment, stream, more),
      expected: outputType(node).value,
      args: 'join',
    }),
  };
  return { connect: (inputs, context) => new TableJoinOperator(context, join).open(inputs) };
}

/** `table`, or `stage.output`, as a place in the plan. */
function reference(ref: string): NodeOutput {
  const [node = ref, output = 'out'] = ref.split('.');
  return { node, output };
}

function rowType(
  node: StageNode,
  table: NodeOutput,
  environment: StageEnvironment,
): AvroType | undefined {
  return node.inputTypes['with']?.value ?? environment.globalTable(table.node)?.source.type.value;
}

/** The type with null among its branches. */
function nullable(type: AvroType): AvroType {
  const nothing: AvroType = { kind: 'null' };
  if (type.kind !== 'union') return { kind: 'union', branches: [nothing, type] };
  if (type.branches.some((branch) => branch.kind === 'null')) return type;
  return { kind: 'union', branches: [nothing, ...type.branches] };
}
