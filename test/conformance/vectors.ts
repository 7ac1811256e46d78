import type {
  Definition,
  Grouping,
  OperatorDef,
  SinkDef,
  StageDef,
  StoreDef,
  StreamDef,
  TableDef,
  ValueFn,
} from '../../topology/definition/definition.ts';
import type { Scalar, Vector, VectorBranch, VectorNode } from './vector.ts';
import {
  keySelectors,
  maximum,
  pairs,
  type Variables,
  type VectorFunction,
  vectorFunction,
} from './vector-functions.ts';

/** A vector's topology in our words. */
export interface Translation {
  readonly definition: Definition;
  /** Kebab-case name → function of a `use:` or `process:`. */
  readonly functions: ReadonlyMap<string, unknown>;
  /**
   * Output of the vector → topic that it is written to. Outputs that show changes give their new
   * values.
   */
  readonly outputs: ReadonlyMap<string, string>;
}

/** Why a vector is not for this issue. */
export interface Unsupported {
  readonly unsupported: string;
}

/** Avro types of what flows out of a node. */
interface Types {
  readonly key: string;
  readonly value: string;
}

class UnsupportedError extends Error {}

/**
 * Translates the topology of a vector into a definition. Pure.
 *
 * A node is called by its id. Grouping nodes become part of the aggregation below them, and each
 * output gets a stage of its own that writes it. Old values that a test switches on are asked for
 * by a count that nobody reads.
 */
export function translate(vector: Vector): Translation | Unsupported {
  try {
    return new Translator(vector).translation();
  } catch (error) {
    if (error instanceof UnsupportedError) return { unsupported: error.message };
    throw error;
  }
}

class Translator {
  readonly #vector: Vector;
  readonly #streams: Record<string, StreamDef> = {};
  readonly #tables: Record<string, TableDef> = {};
  readonly #stores: Record<string, StoreDef> = {};
  readonly #stages: Record<string, StageDef> = {};
  readonly #functions = new Map<string, unknown>();
  readonly #outputs = new Map<string, string>();
  readonly #types = new Map<string, Types>();
  readonly #kinds = new Map<string, 'stream' | 'table'>();
  /** Grouping node → what it groups, and how. */
  readonly #groups = new Map<string, { readonly from: string; readonly group: Grouping }>();
  readonly #consumed = new Set<string>();

  constructor(vector: Vector) {
    this.#vector = vector;
  }

  translation(): Translation {
    const { topology } = this.#vector;
    if (topology === undefined) throw new UnsupportedError('no topology');
    for (const node of topology.nodes) this.#node(node);
    for (const [output, of] of Object.entries(topology.outputs)) {
      this.#output(output, typeof of === 'string' ? of : of.node);
    }
    for (const [name, stage] of Object.entries(this.#stages)) this.#drop(name, stage);
    const definition: Definition = {
      application: 'vector',
      streams: this.#streams,
      tables: this.#tables,
      stores: this.#stores,
      calls: {},
      stages: this.#stages,
    };
    return { definition, functions: this.#functions, outputs: this.#outputs };
  }

  #node(node: VectorNode): void {
    if (node.store?.kind === 'versioned') throw new UnsupportedError('versioned store');
    if (node.graceMs !== undefined) throw new UnsupportedError('join with grace');
    if (node.op === 'stream' || node.op === 'table' || node.op === 'globalTable') {
      this.#source(node);
    } else if (isGrouping(node.op)) {
      this.#group(node);
    } else if (node.op === 'split') {
      this.#split(node, node.branches ?? []);
    } else {
      const [operator, types, kind] = this.#operator(node);
      const from = operator.kind === 'join' ? [first(node)] : (node.in ?? []);
      this.#stage(
        node.id,
        from.map((id) => this.#groups.get(id)?.from ?? id),
        operator,
      );
      if (operator.kind === 'join') this.#consumed.add(operator.with);
      this.#types.set(node.id, types);
      this.#kinds.set(node.id, kind);
    }
    if (node.sendOldValues === true) this.#askForOld(node.id);
  }

  #source(node: VectorNode): void {
    const topics = node.topics ?? [node.topic as string];
    const types = this.#typesOf(topics, node.id);
    const topic = { topics, ...types, partitions: 1 };
    if (node.op === 'stream') {
      this.#streams[node.id] = topic;
    } else {
      this.#tables[node.id] = {
        ...topic,
        ...(node.op === 'globalTable' ? { global: true } : {}),
        ...storeOption(node),
      };
    }
    this.#types.set(node.id, types);
    this.#kinds.set(node.id, node.op === 'stream' ? 'stream' : 'table');
  }

  /** Types of what a test writes to a topic; where it writes nothing, what fits, or text. */
  #typesOf(topics: readonly string[], id: string): Types {
    const keys: Scalar[] = [];
    const values: Scalar[] = [];
    for (const step of this.#vector.steps ?? []) {
      for (const input of step.inputs) {
        if (!('topic' in input) || !topics.includes(input.topic)) continue;
        keys.push(input.key);
        values.push(input.value);
      }
    }
    // A topic that the topology itself writes: as its output.
    const writer = Object.entries(this.#outputsOf()).find(([name]) => topics.includes(name))?.[1];
    const types = writer === undefined ? undefined : this.#types.get(writer);
    // The stage of the punctuation vectors keeps numbers.
    const counts = this.#vector.topology?.nodes.some(({ op }) => op === 'process') === true;
    return {
      key: typeOf(keys) ?? types?.key ?? this.#keyJoinedWith(id) ?? 'string',
      value: typeOf(values) ?? types?.value ?? (counts ? 'long' : 'string'),
    };
  }

  /** Key type of the stream that is joined with a table. */
  #keyJoinedWith(id: string): string | undefined {
    const nodes = this.#vector.topology?.nodes ?? [];
    const join = nodes.find((node) => node.op === 'streamTableJoin' && node.in?.[1] === id);
    return join === undefined ? undefined : this.#types.get(first(join))?.key;
  }

  #outputsOf(): Readonly<Record<string, string>> {
    const outputs = this.#vector.topology?.outputs ?? {};
    return Object.fromEntries(
      Object.entries(outputs).map(([name, of]) => [name, typeof of === 'string' ? of : of.node]),
    );
  }

  #group(node: VectorNode): void {
    const from = first(node);
    const types = this.#typesAt(from);
    if (node.op === 'groupByKey') {
      this.#groups.set(node.id, { from, group: { by: 'key' } });
      this.#types.set(node.id, types);
      return;
    }
    const pair = pairs[node.fn ?? ''];
    if (pair === undefined) throw new UnsupportedError(`grouping by "${node.fn}"`);
    const group: Grouping = {
      by: 'expr',
      key: pair.key,
      ...(pair.value === 'value' ? {} : { value: { expr: pair.value } }),
    };
    this.#groups.set(node.id, { from, group });
    this.#types.set(node.id, { key: typeIn(pair.key, types), value: typeIn(pair.value, types) });
  }

  /**
   * Branches that send their records somewhere get a stage that does so; the others are dropped.
   */
  #split(node: VectorNode, branches: readonly VectorBranch[]): void {
    const rest = branches.find((branch) => branch.defaultBranch === true);
    const named = branches
      .filter((branch) => branch.predicate !== undefined)
      .map((branch, i) => ({ branch, name: `b${i + 1}`, when: branch.predicate as string }));
    const types = this.#typesAt(first(node));
    this.#stage(node.id, node.in ?? [], {
      kind: 'split',
      branches: named.map(({ name, when }) => ({ name, when })),
      rest: rest === undefined ? null : 'rest',
    });
    const drop: string[] = [];
    for (const { branch, name } of named) {
      const output = branchOutput(branch, Number(name.slice(1)));
      if (output === undefined) drop.push(name);
      else this.#branch(node.id, name, output, types);
    }
    if (rest !== undefined) this.#branch(node.id, 'rest', 'foo-0', types);
    if (drop.length > 0) this.#stages[node.id] = { ...(this.#stages[node.id] as StageDef), drop };
    this.#consumed.add(node.id);
  }

  #branch(split: string, branch: string, output: string, types: Types): void {
    const to: SinkDef[] = [{ stream: this.#sink(output, types) }];
    this.#stage(`${split}-${branch}`, [`${split}.${branch}`], { kind: 'pass' }, to);
  }

  #operator(node: VectorNode): readonly [OperatorDef, Types, 'stream' | 'table'] {
    const input = this.#typesAt(first(node));
    const kind = this.#kinds.get(first(node)) ?? 'stream';
    switch (node.op) {
      case 'merge':
        return [{ kind: 'pass' }, input, 'stream'];
      case 'repartition':
        return [{ kind: 'repartition' }, input, 'stream'];
      case 'map':
      case 'selectKey': {
        const pair = pairs[node.fn ?? ''];
        if (pair === undefined) throw new UnsupportedError(`${node.op} by "${node.fn}"`);
        const types = { key: typeIn(pair.key, input), value: typeIn(pair.value, input) };
        return [{ kind: 'map', key: { expr: pair.key }, value: { expr: pair.value } }, types, kind];
      }
      case 'toTable':
        return [{ kind: 'to-table', ...storeOption(node) }, input, 'table'];
      case 'toStream':
        return [{ kind: 'to-stream' }, input, 'stream'];
      case 'tableFilter':
      case 'tableFilterNot': {
        const when = this.#use(node, 'fn', ['value', 'key'], 'boolean').fn;
        const of = node.op === 'tableFilter' ? 'filter' : 'filter-not';
        return [{ kind: of, when, ...storeOption(node) }, input, 'table'];
      }
      case 'tableMapValues': {
        const { fn, type } = this.#use(node, 'fn', ['value', 'key']);
        const types = { ...input, value: type };
        return [{ kind: 'map-values', value: fn, ...storeOption(node) }, types, 'table'];
      }
      case 'streamTableJoin':
      case 'streamGlobalTableJoin':
        return this.#join(node, input);
      case 'process':
        return this.#process(node, input);
      default:
        return this.#aggregation(node, input);
    }
  }

  #aggregation(node: VectorNode, input: Types): readonly [OperatorDef, Types, 'table'] {
    const group = this.#groups.get(first(node))?.group;
    if (group === undefined) throw new UnsupportedError(node.op);
    const steps = {
      add: node.adder === undefined ? 'fn' : 'adder',
      subtract: 'subtractor',
    } as const;
    const store = storeOption(node);
    const args = ['agg', 'value', 'key'] as const;
    switch (node.op) {
      case 'count':
      case 'tableCount':
        return [{ kind: 'count', group, ...store }, { ...input, value: 'long' }, 'table'];
      case 'reduce':
      case 'tableReduce':
      case 'aggregate':
      case 'tableAggregate': {
        const add = this.#use(node, steps.add, args);
        const fns = {
          group,
          add: add.fn,
          ...(node.subtractor === undefined
            ? {}
            : { subtract: this.#use(node, steps.subtract, args).fn }),
          ...store,
        };
        if (node.op.toLowerCase().endsWith('reduce')) {
          return [{ kind: 'reduce', ...fns }, input, 'table'];
        }
        const init = { expr: JSON.stringify(node.init) };
        const types = { ...input, value: add.type };
        return [{ kind: 'aggregate', as: add.type, init, ...fns }, types, 'table'];
      }
      default:
        throw new UnsupportedError(node.op);
    }
  }

  #join(node: VectorNode, input: Types): readonly [OperatorDef, Types, 'stream'] {
    const table = node.in?.[1] ?? '';
    const { fn, type } = this.#use(node, 'joiner', ['left', 'right', 'key']);
    const on = keySelectors[node.keySelector ?? 'key'];
    const operator: OperatorDef = {
      kind: 'join',
      with: table,
      type: node.joinType as 'inner' | 'left',
      ...(on === undefined ? {} : { on }),
      value: fn,
    };
    return [operator, { ...input, value: type }, 'stream'];
  }

  #process(node: VectorNode, input: Types): readonly [OperatorDef, Types, 'stream'] {
    const use = `${node.id}-process`;
    this.#functions.set(use, maximum);
    this.#stores['agg-store'] = { ...input, ttl: 'none', why: 'as in the vector' };
    const every = (type: string) =>
      node.punctuators?.find((punctuator) => punctuator.type === type)?.intervalMs ?? 0;
    const operator: OperatorDef = {
      kind: 'process',
      use,
      stores: ['agg-store'],
      punctuate: {
        wall: { everyMs: every('WALL_CLOCK_TIME'), by: 'wall-clock' },
        stream: { everyMs: every('STREAM_TIME'), by: 'stream-time' },
      },
    };
    return [operator, input, 'stream'];
  }

  /** Registers the function in a field of a node. */
  #use(
    node: VectorNode,
    field: 'fn' | 'adder' | 'subtractor' | 'joiner',
    args: readonly (keyof Variables)[],
    expected?: VectorFunction['type'],
  ): { readonly fn: Extract<ValueFn, { readonly use: string }>; readonly type: string } {
    const text = node[field] ?? '';
    const found = vectorFunction(text);
    if (found === undefined) throw new UnsupportedError(`function "${text}"`);
    const use = `${node.id}-${field}`;
    this.#functions.set(use, (...values: readonly Scalar[]) =>
      found.run(Object.fromEntries(args.map((name, i) => [name, values[i] ?? null]))),
    );
    return { fn: expected === 'boolean' ? { use } : { use, as: found.type }, type: found.type };
  }

  #output(output: string, node: string): void {
    const isTable = this.#kinds.get(node) === 'table';
    const operator: OperatorDef = { kind: isTable ? 'to-stream' : 'pass' };
    const to = [{ stream: this.#sink(output, this.#typesAt(node)) }];
    this.#stage(`to-${kebab(output)}`, [node], operator, to);
  }

  #sink(output: string, types: Types): string {
    const name = `result-${kebab(output)}`;
    this.#streams[name] = { topics: [output], ...types, partitions: 1 };
    this.#outputs.set(output, output);
    return name;
  }

  #askForOld(id: string): void {
    this.#stage(`${id}-old`, [id], { kind: 'count', group: { by: 'expr', key: 'key' } });
  }

  #stage(name: string, from: readonly string[], operator: OperatorDef, to?: SinkDef[]): void {
    for (const ref of from) this.#consumed.add(ref);
    this.#stages[name] = {
      inputs: [{ name: 'in', from }],
      operator,
      ...(operator.kind === 'process'
        ? { outputs: [{ name: 'out', ...this.#typesAt(from[0] as string) }] }
        : {}),
      ...(to === undefined ? {} : { to }),
    };
  }

  /** What nobody takes is dropped by name, unless it is a table with rows of its own. */
  #drop(name: string, stage: StageDef): void {
    const { operator } = stage;
    const kept =
      ['count', 'reduce', 'aggregate'].includes(operator.kind) ||
      ('store' in operator && operator.store !== undefined);
    if (stage.to !== undefined || kept || this.#consumed.has(name)) return;
    this.#stages[name] = { ...stage, drop: ['out'] };
  }

  #typesAt(id: string): Types {
    return this.#types.get(id) ?? { key: 'string', value: 'string' };
  }
}

function isGrouping(op: string): boolean {
  return op === 'groupByKey' || op === 'groupBy' || op === 'tableGroupBy';
}

function first(node: VectorNode): string {
  return node.in?.[0] ?? '';
}

/** Type of an expression of `pairs`. */
function typeIn(expression: string, types: Types): string {
  if (expression === 'key' || expression === 'value') return types[expression];
  return expression.startsWith('int(') ? 'long' : 'string';
}

function typeOf(values: readonly Scalar[]): string | undefined {
  const present = values.filter((value) => value !== null);
  if (present.length === 0) return undefined;
  if (present.some((value) => typeof value === 'string')) return 'string';
  return present.every((value) => Number.isInteger(value)) ? 'long' : 'double';
}

/** Kafka names a branch by the split's name (`foo-`) and its own, or its position. */
function branchOutput(branch: VectorBranch, position: number): string | undefined {
  if (branch.to !== undefined) return branch.to;
  if (branch.withConsumer !== undefined) return undefined;
  if (branch.withFunction?.startsWith('returns null') === true) return undefined;
  return `foo-${branch.as ?? position}`;
}

function storeOption(node: VectorNode): { readonly store?: string } {
  return node.store?.name === undefined ? {} : { store: kebab(node.store.name) };
}

function kebab(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
}
