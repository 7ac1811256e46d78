import { mapOf } from '../collections.ts';
import type { KeyForm } from '../collections.ts';
import type { Fn, ValueFn } from '../definition.ts';
import { expression } from '../expression-field.ts';
import type { Field } from '../field.ts';
import { functionName, typeName } from '../fields.ts';
import type { Entries, Group, GroupKey } from '../object.ts';
import { exactlyOne, keySpan, readKey } from '../group.ts';
import { groupField, object } from '../object.ts';
import type { Place } from '../place.ts';
import type { Written } from '../written.ts';

/** Names of fields of an Avro record. */
export const fieldKeys: KeyForm = {
  type: 'field',
  pattern: /^[A-Za-z_]\w*$/,
  check(key, at) {
    if (this.pattern.test(key.text)) return;
    at.error('E009', key.span, `"${key.text}" is no name of an Avro field`);
  },
};

/** Field of an Avro record → expression. */
export const projection = mapOf(fieldKeys, expression);

const fnKeys = {
  when: { field: expression, doc: 'Expression that is true or false.' },
  use: {
    field: functionName,
    doc: 'Function of the processors folder: file in kebab-case, export in camelCase.',
  },
} satisfies Record<string, GroupKey>;

/** `when: expression` or `use: function`: a condition. */
export const conditionGroup: Group<Fn> = {
  keys: fnKeys,
  required: true,
  constraints: [{ oneOf: [{ required: ['when'] }, { required: ['use'] }] }],
  read(entries, at, owner) {
    const chosen = exactlyOne(entries, ['when', 'use'], at, owner);
    if (chosen === undefined) return undefined;
    const value = readKey(
      entries,
      chosen,
      at,
      chosen === 'when' ? 'expr' : 'use',
      fnKeys[chosen].field,
    );
    if (value === undefined) return undefined;
    return chosen === 'when' ? { expr: value } : { use: value };
  },
};

/** A new key: an expression, or `{ use: function }`. */
export const keyFunction: Field<Fn> = scalarOr<Fn>(
  (expr) => ({ expr }),
  object<{ readonly use: string }>({
    title: 'key function',
    doc: 'A key made by a function.',
    parts: { use: { field: functionName, required: true, doc: fnKeys.use.doc } },
  }),
);

/** How much of a projection must be said: `as`, or not where the surroundings know the type. */
type Inherited = 'as' | 'inherited';

/**
 * Stands for the type in a projection that takes it from its surroundings; replaced before anybody
 * sees it.
 */
export const inheritedType = '';

const valueKeys = {
  expr: { field: expression, doc: 'Expression of the new value.' },
  use: {
    field: functionName,
    doc: 'Function of the processors folder that makes the value. With `as`: the Avro type of its result.',
  },
  as: { field: typeName, doc: 'Avro type of the new value.' },
  set: {
    field: projection,
    doc: 'Projection onto the record type `as`: field → expression. A field with a default may be left out.',
  },
} satisfies Record<string, GroupKey>;

/** The keys `expr`, `use`, `as` and `set`, beside others of one map: how a value is made. */
export function valueGroup(required: boolean, type: Inherited = 'as'): Group<ValueFn> {
  const one = ['expr', 'use', 'set'].map((key) => ({ required: [key] }));
  const none = { not: { anyOf: [...one, ...(type === 'as' ? [{ required: ['as'] }] : [])] } };
  return {
    keys: valueKeys,
    required,
    constraints: [
      { oneOf: required ? one : [...one, none] },
      ...(type === 'as' ? [{ dependencies: { set: ['as'] } }] : []),
    ],
    read(entries, at, owner) {
      if (!required && !Object.keys(valueKeys).some((key) => entries.has(key))) return undefined;
      return readValue(entries, at, owner, type);
    },
  };
}

function readValue(
  entries: Entries,
  at: Place,
  owner: Written,
  type: Inherited,
): ValueFn | undefined {
  const chosen = exactlyOne(entries, ['expr', 'use', 'set'] as const, at, owner);
  if (chosen === undefined) return undefined;
  const as = readKey(entries, 'as', at, 'as', typeName);
  if (chosen === 'use') {
    const use = readKey(entries, 'use', at, 'use', functionName);
    if (use === undefined) return undefined;
    return as === undefined ? { use } : { use, as };
  }
  if (chosen === 'expr') {
    if (entries.has('as')) {
      at.error(
        'E013',
        keySpan(entries, 'as', owner),
        '"as" goes with "set" or "use", not with "expr"',
      );
    }
    const expr = readKey(entries, 'expr', at, 'expr', expression);
    return expr === undefined ? undefined : { expr };
  }
  const set = readKey(entries, 'set', at, 'set', projection);
  if (as === undefined && type === 'as') {
    if (!entries.has('as')) {
      at.error(
        'E006',
        keySpan(entries, 'set', owner),
        '"set" needs "as": the Avro type of the value',
      );
    }
    return undefined;
  }
  return set === undefined ? undefined : { as: as ?? inheritedType, set };
}

/** The short form, an expression alone, or the map. */
export function scalarOr<V>(ofText: (text: string) => V, map: Field<V>, step = 'expr'): Field<V> {
  return {
    read(node, at) {
      if (node.kind === 'map') return map.read(node, at);
      at.mark(node);
      const text = expression.read(node, at.child(step));
      return text === undefined ? undefined : ofText(text);
    },
    schema: { anyOf: [expression.schema, map.schema] },
    type: 'expression, or map',
    tables: map.tables,
  };
}

/** A value: an expression, or a map that says `use`, or `as` and `set`. */
export const valueField: Field<ValueFn> = scalarOr<ValueFn>(
  (expr) => ({ expr }),
  groupField({
    title: 'value',
    doc: 'How a value is made where one expression does not do.',
    group: valueGroup(true),
  }),
);

/** A value of an aggregate: a projection without `as` has {@link inheritedType}. */
export const aggregateValueField: Field<ValueFn> = scalarOr<ValueFn>(
  (expr) => ({ expr }),
  groupField({
    title: 'value of an aggregate',
    doc: 'How an aggregate is made. Without `as` a projection is of the type of the aggregate.',
    group: valueGroup(true, 'inherited'),
  }),
);
