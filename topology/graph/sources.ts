import type { EdgeType } from '../core/edge.ts';
import type { TableDef, TopicDef } from '../definition/definition.ts';
import { isPoison, longType, typeName } from './avro-types.ts';
import type { CheckContext } from './context.ts';
import { report, resolveType, typeOf } from './context.ts';
import type { GraphSource, GraphStore } from './graph.ts';

/** Streams and tables with their types, by name. Checks their types, `time` and `partition-by`. */
export function typeSources(context: CheckContext): ReadonlyMap<string, GraphSource> {
  const { streams, tables } = context.definition;
  const sources: GraphSource[] = [];
  for (const [name, def] of Object.entries(streams)) {
    const type = topicType(context, ['streams', name], def, 'stream');
    sources.push({ kind: 'stream', name, def, type, explicitStore: false });
  }
  for (const [name, def] of Object.entries(tables)) {
    const type = topicType(context, ['tables', name], def, 'table');
    const kind = def.global === true ? 'global-table' : 'table';
    sources.push({
      kind,
      name,
      def,
      type,
      store: tableStore(name, def),
      explicitStore: def.store !== undefined,
    });
  }
  return byName(sources);
}

/** Name of a table's store. */
function tableStore(name: string, def: TableDef): string {
  return def.store ?? name;
}

/** Declared stores with their types. A store that stays for ever needs a reason. */
export function typeStores(context: CheckContext): ReadonlyMap<string, GraphStore> {
  const stores = Object.entries(context.definition.stores).map(([name, def]): GraphStore => {
    const path = ['stores', name];
    if (def.ttl === 'none' && (def.why ?? '').trim() === '') {
      report(
        context,
        'E071',
        path,
        `store "${name}" keeps its rows for ever and does not say why`,
        {
          suggestion: 'give it a ttl, or add `why:`',
        },
      );
    }
    return {
      name,
      def,
      key: resolveType(context, def.key, [...path, 'key']),
      value: resolveType(context, def.value, [...path, 'value']),
    };
  });
  return byName(stores);
}

/** A map in order of names. */
export function byName<T extends { readonly name: string }>(
  items: readonly T[],
): ReadonlyMap<string, T> {
  const sorted = [...items].sort((a, b) => compareText(a.name, b.name));
  return new Map(sorted.map((item) => [item.name, item]));
}

/** Order of code units: the same on every machine. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function topicType(
  context: CheckContext,
  path: readonly string[],
  def: TopicDef,
  kind: EdgeType['kind'],
): EdgeType {
  const key = resolveType(context, def.key, [...path, 'key']);
  const value = resolveType(context, def.value, [...path, 'value']);
  const { format } = def;
  const plain = format === 'string' || format === 'bytes';
  if (plain && !isPoison(value) && value.kind !== format) {
    const message = `format "${format}" cannot hold ${typeName(value)}`;
    report(context, 'E080', [...path, 'format'], message, {
      suggestion: `write \`value: ${format}\`, or take format json or avro`,
    });
  }
  for (const [part, type, strategy] of [
    ['subject', value, def.subject],
    ['keySubject', key, def.keySubject],
  ] as const) {
    if ((strategy ?? 'topic') === 'topic' || isPoison(type) || 'name' in type) continue;
    const message = `a subject by "${strategy}" has the type's name in it, and ${typeName(type)} has none`;
    report(context, 'E084', [...path, part], message, {
      suggestion: 'leave it out, or take a record type',
    });
  }
  if (def.time !== undefined) {
    const time = typeOf(context, def.time, [...path, 'time'], { key, value });
    if (!isPoison(time) && !isTime(time, def.timeUnit !== undefined)) {
      const what = typeName(time);
      report(context, 'E076', [...path, 'time'], `the record time is ${what}, which is no time`, {
        suggestion:
          time.kind === longType.kind
            ? 'say its unit (ms, s or us), or give the field a logical type such as ' +
              'timestamp-millis'
            : 'use a field of logical type timestamp-millis or timestamp-micros',
      });
    }
  }
  if (def.partitionBy !== undefined) {
    typeOf(context, def.partitionBy, [...path, 'partitionBy'], { key, value });
  }
  return { kind, key, value };
}

function isTime(type: { kind: string; logical?: string }, hasUnit: boolean): boolean {
  if (type.kind !== 'long' && type.kind !== 'int') return false;
  if (type.logical === undefined) return hasUnit;
  return type.logical === 'timestamp-millis' || type.logical === 'timestamp-micros';
}
