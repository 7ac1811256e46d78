import type { Problem } from '../../../topology/core/problem.ts';
import type {
  CallOperatorDef,
  Definition,
  OperatorDef,
  StageDef,
  TableDef,
} from '../../../topology/definition/definition.ts';
import { check } from '../../../topology/graph/check.ts';
import type { Graph } from '../../../topology/graph/graph.ts';
import { catalogOf, record } from '../catalog.ts';

const timestamp = { type: 'long', logicalType: 'timestamp-millis' };

/** Types of the small definitions in these tests. */
export const smallCatalog = catalogOf(
  record('shop.Line', { productId: 'string', quantity: 'long' }),
  record('shop.Order', {
    id: 'string',
    customerId: 'string',
    total: 'long',
    count: 'int',
    at: timestamp,
    lines: { type: 'array', items: 'shop.Line' },
  }),
  record('shop.Customer', { name: 'string', region: 'string' }),
  record('shop.Paid', { orderId: 'string', total: 'long' }),
  record('shop.Ask', { orderId: 'string' }),
  record('shop.Reply', {
    state: { type: 'enum', name: 'State', namespace: 'shop', symbols: ['OK', 'NO'] },
    text: 'string',
  }),
  record('shop.Price', { amount: 'double', weight: 'double' }),
);

export function stream(value: string, more: Partial<TableDef> = {}): TableDef {
  return { topics: [`${value}s`], key: 'string', value, ...more };
}

export function stage(from: string, operator: OperatorDef, more: Partial<StageDef> = {}): StageDef {
  return { inputs: [{ name: 'in', from: [from] }], operator, ...more };
}

/** A stage that takes something and keeps it from being unconsumed. */
export function end(...from: string[]): StageDef {
  const inputs = [{ name: 'in', from }];
  return { inputs, operator: { kind: 'peek', use: 'log' }, drop: ['out'] };
}

/** A stage with one input of another key. */
export function keyed(from: string, key: string, operator: OperatorDef): StageDef {
  return { inputs: [{ name: 'in', from: [from], key }], operator };
}

export function call(more: Partial<CallOperatorDef> = {}): CallOperatorDef {
  return {
    kind: 'call',
    call: 'bank',
    request: { orderId: 'value.id' },
    idempotencyKey: 'value.id',
    timeoutMs: 1000,
    retry: { attempts: 3, backoffMs: 100, maxMs: 1000, jitter: 'full', when: ['timeout'] },
    concurrency: { limit: 4, order: 'per-key' },
    match: 'reply.state',
    outcomes: { OK: { out: 'ok' }, NO: { out: 'no' } },
    unknown: { out: 'unclear' },
    ...more,
  };
}

/** A definition of the application `app` with the stream `orders`. */
export function define(parts: Partial<Definition>): Definition {
  const { streams, ...rest } = parts;
  return {
    application: 'app',
    tables: {},
    stores: {},
    calls: {},
    stages: {},
    ...rest,
    streams: { orders: stream('shop.Order'), ...streams },
  };
}

export function problemsOf(definition: Definition): readonly Problem[] {
  return check(definition, smallCatalog).problems;
}

/** `CODE message` of each problem. */
export function messages(definition: Definition): readonly string[] {
  return problemsOf(definition).map(({ code, message }) => `${code} ${message}`);
}

/** The graph of a definition that must have no error. */
export function graphOf(definition: Definition): Graph {
  const { graph, problems } = check(definition, smallCatalog);
  if (graph === undefined) {
    throw new Error(problems.map(({ code, message }) => `${code} ${message}`).join('\n'));
  }
  return graph;
}
