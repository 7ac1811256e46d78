/**
 * A schema changed in ways that Avro's rules allow, and what the rules say becomes of a value. Plain
 * JSON schemas in which every type that has a name is defined where it is used.
 */
export interface Evolved {
  readonly schema: unknown;
  readonly convert: (value: unknown) => unknown;
}

/** A whole number from 0 to below `bound`. */
export type Pick = (bound: number) => number;

interface Named {
  readonly type: string;
  readonly name: string;
  readonly symbols: readonly string[];
  readonly fields: readonly { readonly name: string; readonly type: unknown }[];
  readonly items: unknown;
  readonly values: unknown;
}

const same = (value: unknown): unknown => value;
const fround = (value: unknown): unknown => Math.fround(value as number);

const promotions: Readonly<
  Record<string, readonly (readonly [string, (v: unknown) => unknown])[]>
> = {
  int: [
    ['long', same],
    ['float', fround],
    ['double', same],
  ],
  long: [
    ['float', fround],
    ['double', same],
  ],
  float: [['double', same]],
  string: [['bytes', (value) => Buffer.from(value as string)]],
};

/** Changes a schema; `pick` decides how. */
export function evolve(schema: unknown, pick: Pick): Evolved {
  if (typeof schema === 'string') return promoted(schema, pick);
  if (Array.isArray(schema)) return union(schema, pick);
  const node = schema as Named;
  switch (node.type) {
    case 'array': {
      const { schema: items, convert } = evolve(node.items, pick);
      return { schema: { ...node, items }, convert: (list) => (list as unknown[]).map(convert) };
    }
    case 'map': {
      const { schema: values, convert } = evolve(node.values, pick);
      const entry = ([key, value]: [string, unknown]): [string, unknown] => [key, convert(value)];
      return {
        schema: { ...node, values },
        convert: (map) => Object.fromEntries(Object.entries(map as object).map(entry)),
      };
    }
    case 'record':
      return record(node, pick);
    case 'enum':
      return enumeration(node, pick);
    default:
      return { schema: renamed(node, pick), convert: same };
  }
}

function promoted(name: string, pick: Pick): Evolved {
  const [to, convert] = promotions[name]?.[pick(4)] ?? [name, same];
  return nullable({ schema: to, convert }, pick);
}

/** A value that could be null now, and never is. */
function nullable(made: Evolved, pick: Pick): Evolved {
  if (made.schema === 'null' || pick(5) > 0) return made;
  return { ...made, schema: pick(2) === 0 ? ['null', made.schema] : [made.schema, 'null'] };
}

/** Another place for one branch, or one more. Types stay, since they choose the branch. */
function union(branches: readonly unknown[], pick: Pick): Evolved {
  const moved = [...branches.slice(1), branches[0]];
  return { schema: pick(2) === 0 ? moved : branches, convert: same };
}

/** The same name in another namespace, or another name with an alias for the old one. */
function renamed(node: Named, pick: Pick): object {
  const { name } = node;
  switch (pick(4)) {
    case 0:
      return { ...node, name: name.replace('t.', 'elsewhere.') };
    case 1:
      return { ...node, name: `${name}x`, aliases: [name] };
    default:
      return node;
  }
}

function enumeration(node: Named, pick: Pick): Evolved {
  const [first] = node.symbols;
  switch (pick(3)) {
    case 0:
      return { schema: { ...renamed(node, pick), symbols: ['Z', ...node.symbols] }, convert: same };
    case 1:
      return {
        schema: { ...renamed(node, pick), symbols: ['Z', first], default: 'Z' },
        convert: (value) => (value === first ? first : 'Z'),
      };
    default:
      return { schema: renamed(node, pick), convert: same };
  }
}

function record(node: Named, pick: Pick): Evolved {
  const kept = node.fields.filter(() => pick(5) > 0);
  const parts = kept.map(({ name, type }) => {
    const { schema, convert } = evolve(type, pick);
    const to = pick(3) === 0 ? `${name}new` : name;
    const aliases = to === name ? {} : { aliases: ['other', name] };
    return { from: name, to, convert, field: { name: to, type: schema, ...aliases } };
  });
  const added = pick(2) === 0 ? [{ name: 'added', type: ['string', 'null'], default: 'x' }] : [];
  const ordered = pick(2) === 0 ? parts : parts.toReversed();
  return {
    schema: { ...renamed(node, pick), fields: [...added, ...ordered.map(({ field }) => field)] },
    convert(value) {
      const old = value as Readonly<Record<string, unknown>>;
      const entries = parts.map(({ from, to, convert }) => [to, convert(old[from])] as const);
      return Object.fromEntries([...added.map(({ name }) => [name, 'x'] as const), ...entries]);
    },
  };
}
