import type { AvroRecord, AvroType } from '../core/avro.ts';
import type { CheckContext } from './context.ts';
import { report } from './context.ts';
import type { Graph, GraphSource } from './graph.ts';
import { mainInput } from './graph.ts';
import type { Partitioning } from './partitioning.ts';

/** Warns of idempotency keys that use a record key which an earlier stage made. */
export function warnChangedKeys(
  context: CheckContext,
  graph: Graph,
  partitioning: Partitioning,
): void {
  for (const stage of graph.stages.values()) {
    const operator = stage.def.operator;
    const input = mainInput(stage);
    if (operator.kind !== 'call' || input === undefined) continue;
    if (!usesKey(operator.idempotencyKey)) continue;
    const maker =
      input.rekey === undefined
        ? input.from.map(partitioning.keyMadeBy).find((name) => name !== undefined)
        : stage.name;
    if (maker === undefined) continue;
    const path = ['stages', stage.name, 'operator', 'idempotencyKey'];
    const message = `the idempotency key uses a key that stage "${maker}" makes`;
    report(context, 'W050', path, message, {
      suggestion: 'use a field of the value that never changes, such as an id',
      notes: [{ message: `the key is made here`, path: ['stages', maker] }],
    });
  }
}

/**
 * Warns of amounts of money in floating point, in the types of streams and tables. Each type is
 * reported once.
 */
export function warnFloatingMoney(
  context: CheckContext,
  sources: ReadonlyMap<string, GraphSource>,
): void {
  const seen = new Set<AvroType>();
  for (const source of sources.values()) {
    const path = [source.kind === 'stream' ? 'streams' : 'tables', source.name, 'value'];
    for (const { record, field } of floatingMoney(source.type.value, seen)) {
      const at = context.catalog.at(record.name, field);
      const message = `"${field}" of ${record.name} is money in floating point: sums will drift`;
      report(context, 'W051', path, message, {
        suggestion: 'use a long of the smallest unit (cents), or a decimal',
        ...(at === undefined ? {} : { notes: [{ message: 'the field is declared here', at }] }),
      });
    }
  }
}

const money = /(?:amount|price|total|cost|money|balance|fee|tax|revenue)(?:s|$|[A-Z_])/i;

function* floatingMoney(
  type: AvroType,
  seen: Set<AvroType>,
): Iterable<{ record: AvroRecord; field: string }> {
  if (seen.has(type)) return;
  seen.add(type);
  switch (type.kind) {
    case 'array':
      yield* floatingMoney(type.items, seen);
      break;
    case 'map':
      yield* floatingMoney(type.values, seen);
      break;
    case 'union':
      for (const branch of type.branches) yield* floatingMoney(branch, seen);
      break;
    case 'record':
      for (const field of type.fields) {
        if (money.test(field.name) && isFloating(field.type)) {
          yield { record: type, field: field.name };
        }
        yield* floatingMoney(field.type, seen);
      }
  }
}

function isFloating(type: AvroType): boolean {
  return type.kind === 'union'
    ? type.branches.some(isFloating)
    : type.kind === 'float' || type.kind === 'double';
}

/**
 * True if a CEL text uses the variable `key` (not a field of that name, not the word in a text).
 */
function usesKey(text: string): boolean {
  const code = text.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '""');
  return /(?<![.\w])key(?!\w)/.test(code);
}
