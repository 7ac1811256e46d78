/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Field {
  name: string;
  type: unknown;
  default?: unknown;
  aliases?: string[];
}

interface Order {
  type: 'record';
  name: string;
  aliases?: string[];
  fields: Field[];
}

function order(): Order {
  return {
    type: 'record',
    name: 'shop.Order',
    fields: [
      { name: 'orderId', type: 'string' },
      { name: 'count', type: 'int' },
      { name: 'cents', type: 'long' },
      { name: 'weight', type: 'float', default: 0 },
      { name: 'state', type: { type: 'enum', name: 'State', symbols: ['NEW', 'PAID', 'GONE'] } },
      { name: 'hash', type: { type: 'fixed', name: 'Hash', size: 8 } },
      { name: 'note', type: ['null', 'string'], default: null },
      { name: 'amount', type: ['int', 'string'] },
      {
        name: 'lines',
        type: {
          type: 'array',
          items: {
            type: 'record',
            name: 'Line',
            fields: [
              { name: 'product', type: 'string' },
              { name: 'quantity', type: 'int' },
              { name: 'parts', type: ['null', { type: 'array', items: 'Line' }], default: null },
            ],
          },
        },
      },
      { name: 'tags', type: { type: 'map', values: ['null', 'double'] } },
    ],
  };
}

type Pick = (below: number) => number;

function at<T>(list: readonly T[], pick: Pick): T {
  return list[pick(list.length)] as T;
}

interface Node {
  type: string;
  name: string;
  items: Order;
  symbols: string[];
  size: number;
  default?: string;
}

function node(it: Order, name: string): Node | undefined {
  const type = it.fields.find((field) => field.name === name)?.type;
  return typeof type === 'object' && !Array.isArray(type) ? (type as Node) : undefined;
}

/** Each changes a schema in one way; some break it, some do not. */
const edits: readonly ((it: Order, pick: Pick) => void)[] = [
  (it, pick) => it.fields.splice(pick(it.fields.length), 1),
  (it, pick) => it.fields.splice(pick(3), 0, { name: 'extra', type: 'string' }),
  (it, pick) => it.fields.splice(pick(3), 0, { name: 'more', type: 'int', default: 7 }),
  (it) => it.fields.reverse(),
  (it, pick) => {
    const field = at(it.fields, pick);
    const old = field.name;
    field.name = `${old}2`;
    if (pick(2) === 0) field.aliases = [old];
  },
  (it, pick) => {
    const field = at(it.fields.slice(0, 4), pick);
    field.type = at(['int', 'long', 'float', 'double', 'string', 'bytes'], pick);
    delete field.default;
  },
  (it, pick) => {
    const field = at(it.fields, pick);
    if (!Array.isArray(field.type)) field.type = ['null', field.type];
    delete field.default;
  },
  (it) => {
    const state = node(it, 'state');
    if (state !== undefined && !state.symbols.includes('LOST')) state.symbols.push('LOST');
  },
  (it) => node(it, 'state')?.symbols.pop(),
  (it) => {
    const state = node(it, 'state');
    if (state === undefined) return;
    state.symbols = ['NEW', 'OPEN'];
    state.default = 'NEW';
  },
  (it) => {
    const hash = node(it, 'hash');
    if (hash !== undefined) hash.size = 16;
  },
  (it, pick) => {
    const lines = node(it, 'lines');
    if (lines === undefined) return;
    const quantity = lines.items.fields.find(({ name }) => name === 'quantity');
    if (quantity !== undefined) quantity.type = at(['long', 'double', 'string'], pick);
  },
  (it) => {
    const lines = node(it, 'lines');
    lines?.items.fields.push({ name: 'price', type: 'long', default: 0 });
  },
  (it) => {
    it.name = 'shop.Purchase';
  },
  (it) => {
    it.name = 'store.Order';
  },
  (it) => {
    const amount = it.fields.find(({ name }) => name === 'amount');
    if (amount !== undefined) amount.type = ['int', 'string', 'boolean'];
  },
  (it) => {
    const amount = it.fields.find(({ name }) => name === 'amount');
    if (amount !== undefined) amount.type = ['string', 'double'];
  },
];

/** Pairs of an order's schema, each changed in one to three ways, always the same. */
export function generatedPairs(count: number): { name: string; old: unknown; next: unknown }[] {
  const random = seeded(20_170_102);
  const pick: Pick = (below) => Math.floor(random() * below);
  return Array.from({ length: count }, (_, i) => {
    const [old, next] = [order(), order()];
    if (pick(4) === 0) at(edits, pick)(old, pick);
    const changes = 1 + pick(3);
    for (let n = 0; n < changes; n++) at(edits, pick)(next, pick);
    return { name: `generated ${i}`, old, next };
  });
}
