import type { Graph, GraphRef, GraphStage } from '../graph/graph.ts';
import { mainInput } from '../graph/graph.ts';
import { storeOwner, tableStoreOf } from '../graph/derived-names.ts';
import { isGlobalJoin } from '../graph/partitioning.ts';

/** Which tables are kept in stores, and which send the old row with the new one. */
export interface Tables {
  /**
   * Name of the store that holds the table of a source or stage; undefined where its rows are not
   * kept.
   */
  readonly storeOf: (name: string) => string | undefined;
  readonly sendsOld: (name: string) => boolean;
  /**
   * Store that rows of the table are read from: its own, or that of the nearest table above it
   * which has one.
   */
  readonly readStore: (ref: GraphRef) => string | undefined;
}

/**
 * Follows Kafka Streams (`KTableImpl.enableSendingOldValues`, `KTableSource.materialize`), but for
 * one point: there the order in which a program declares its operators matters; here all demands
 * are collected first, so that order means nothing.
 *
 * - Aggregates, and filters and map-values that name a store, are always kept. Sources and
 *   to-tables are kept if the author names a store, something looks
 * rows up in them (directly or through derived tables that are not kept), or old rows are needed
 * below.
 * - Re-grouping needs old rows, whatever it costs.
 * - A filter takes old rows if they cost no new store: it then sends no tombstone for a row that
 *   never passed.
 */
export function tablesOf(graph: Graph): Tables {
  const kept = new Map<string, string>();
  const old = new Set<string>();

  function parent(stage: GraphStage): GraphRef | undefined {
    const input = mainInput(stage);
    return input?.incoming.kind === 'table' ? input.from[0] : undefined;
  }

  /** Rows of the table are looked up: something at or above it must keep them. */
  function keep(ref: GraphRef): string | undefined {
    const known = kept.get(ref.name);
    if (known !== undefined) return known;
    if (ref.kind === 'source') {
      const store = graph.sources.get(ref.name)?.store;
      if (store !== undefined) kept.set(ref.name, store);
      return store;
    }
    const stage = graph.stages.get(ref.name);
    if (stage === undefined) return undefined;
    if (stage.def.operator.kind === 'to-table') {
      const store = stage.def.operator.store ?? stage.name;
      kept.set(stage.name, store);
      return store;
    }
    const above = parent(stage);
    return above === undefined ? undefined : keep(above);
  }

  /**
   * Asks a table for old rows. Unforced, it answers false rather than keep a table only for that.
   */
  function demandOld(ref: GraphRef, force: boolean): boolean {
    if (old.has(ref.name)) return true;
    if (ref.kind === 'source' || isToTable(graph, ref)) {
      if (!kept.has(ref.name) && !force) return false;
      keep(ref);
    } else if (!kept.has(ref.name)) {
      const stage = graph.stages.get(ref.name);
      const above = stage === undefined ? undefined : parent(stage);
      if (above === undefined || !demandOld(above, force)) return false;
    }
    old.add(ref.name);
    return true;
  }

  for (const source of graph.sources.values()) {
    if (source.explicitStore && source.store !== undefined) kept.set(source.name, source.store);
  }
  for (const stage of graph.stages.values()) {
    const store = ownStore(stage);
    if (store !== undefined) kept.set(stage.name, store);
  }
  for (const stage of graph.stages.values()) {
    for (const ref of lookedUp(graph, stage)) keep(ref);
  }
  for (const stage of graph.stages.values()) {
    const above = parent(stage);
    if (above !== undefined && 'group' in stage.def.operator) demandOld(above, true);
  }
  for (const stage of graph.stages.values()) {
    const above = parent(stage);
    const { kind } = stage.def.operator;
    if (above !== undefined && (kind === 'filter' || kind === 'filter-not')) {
      demandOld(above, false);
    }
  }
  return {
    storeOf: (name) => kept.get(name),
    sendsOld: (name) => old.has(name),
    readStore: keep,
  };
}

/**
 * Tables whose rows a stage looks up: of a join, and of the table stores that a process stage
 * names. Global tables are kept anyway.
 */
export function lookedUp(graph: Graph, stage: GraphStage): readonly GraphRef[] {
  const { operator } = stage.def;
  if (operator.kind === 'process') {
    return (operator.stores ?? [])
      .map((store) => storeOwner(graph, store))
      .filter((ref) => ref !== undefined);
  }
  return stage.table === undefined || isGlobalJoin(graph, stage) ? [] : [stage.table];
}

function isToTable(graph: Graph, ref: GraphRef): boolean {
  return graph.stages.get(ref.name)?.def.operator.kind === 'to-table';
}

/** The store that a stage has whatever is below it. */
function ownStore(stage: GraphStage): string | undefined {
  const { operator } = stage.def;
  if (stage.outputs['out']?.kind !== 'table') return undefined;
  return operator.kind === 'to-table' ? operator.store : tableStoreOf(stage);
}
