import type { OperatorDef, OperatorKind } from '../definition.ts';
import type { Field, JsonSchema } from '../field.ts';
import { readKey } from '../group.ts';
import type { Entries, Group, GroupKey, Prop } from '../object.ts';
import { kebabCase } from '../object.ts';
import type { Place } from '../place.ts';
import type { Written } from '../written.ts';

/** What the definition holds of an operator kind, without the kind. */
export type Operator<K extends OperatorKind, O = OperatorDef> = O extends { readonly kind: infer Q }
  ? K extends Q
    ? Omit<O, 'kind'>
    : never
  : never;

/** One operator as the stage's table sees it. */
export interface OperatorTable {
  readonly kind: OperatorKind;
  readonly doc: string;
  readonly example: string;
  /** The operator's own key, spelled like its kind. */
  readonly main: GroupKey;
  /** Keys that stand beside it in the stage. */
  readonly beside: Readonly<Record<string, GroupKey>>;
  readonly constraints: readonly JsonSchema[];
  readonly read: (entries: Entries, at: Place, owner: Written) => OperatorDef | undefined;
}

type Beside<T> = {
  readonly [K in keyof T]-?: Prop<Exclude<T[K], undefined>> | Group<Exclude<T[K], undefined>>;
};

/** Declaration of an operator: what its own key gives, and what keys beside it give. */
export interface OperatorDeclaration<K extends OperatorKind, Main, Spread> {
  readonly kind: K;
  readonly doc: string;
  readonly example: string;
  readonly mainDoc?: string;
  readonly main: Field<Main>;
  readonly beside: Beside<Omit<Operator<K>, keyof Main | keyof Spread>>;
  /** A required key beside it that gives several properties at once. */
  readonly spread?: { readonly key: string; readonly field: Field<Spread>; readonly doc: string };
}

/** Compiles a declaration. The value of the operator's key is read at the operator's own place. */
export function operator<
  K extends OperatorKind,
  Main extends Partial<Operator<K>>,
  Spread extends object = object,
>(declaration: OperatorDeclaration<K, Main, Spread>): OperatorTable {
  const { kind, main, spread } = declaration;
  const parts = Object.entries<Prop<unknown> | Group<unknown>>(declaration.beside);
  const beside: Record<string, GroupKey> = {};
  const constraints: JsonSchema[] = [];
  for (const [property, part] of parts) {
    if ('keys' in part) {
      Object.assign(beside, part.keys);
      const any = Object.keys(part.keys).map((key) => ({ required: [key] }));
      if (part.required) constraints.push({ dependencies: { [kind]: { anyOf: any } } });
      constraints.push(...(part.constraints ?? []));
    } else {
      const key = part.key ?? kebabCase(property);
      beside[key] = part;
      if (part.required) constraints.push({ dependencies: { [kind]: [key] } });
    }
  }
  if (spread !== undefined) {
    beside[spread.key] = { ...spread, required: true };
    constraints.push({ dependencies: { [kind]: [spread.key] } });
  }
  return {
    kind,
    doc: declaration.doc,
    example: declaration.example,
    main: { field: main, doc: declaration.mainDoc ?? declaration.doc },
    beside,
    constraints,
    read(entries, at, owner) {
      const entry = entries.get(kind);
      if (entry === undefined) return undefined;
      const place = at.keyed(entry.key);
      place.mark(entry.value);
      place.child('kind').mark(entry.key);
      const own = main.read(entry.value, place);
      const others = readBeside(parts, entries, place, owner);
      reportLacking(
        Object.keys(beside).filter((key) => beside[key]?.required && !entries.has(key)),
        place,
      );
      const wide = spread === undefined ? {} : readSpread(spread, entries, place);
      if (own === undefined || others === undefined || wide === undefined) return undefined;
      // The declaration's type says that the parts make up the operator.
      return { kind, ...own, ...others, ...wide } as unknown as OperatorDef;
    },
  };
}

function readSpread<V>(
  spread: { readonly key: string; readonly field: Field<V> },
  entries: Entries,
  at: Place,
): V | undefined {
  const entry = entries.get(spread.key);
  return entry && spread.field.read(entry.value, at.keyed(entry.key));
}

function reportLacking(keys: readonly string[], at: Place): void {
  if (keys.length === 0 || at.key === undefined) return;
  const needed = keys.map((key) => `"${key}"`).join(', ');
  at.error('E006', at.key.span, `"${at.key.text}" needs ${needed} beside it`);
}

function readBeside(
  parts: readonly (readonly [string, Prop<unknown> | Group<unknown>])[],
  entries: Entries,
  at: Place,
  owner: Written,
): object | undefined {
  const result: Record<string, unknown> = {};
  let broken = false;
  for (const [property, part] of parts) {
    let value: unknown;
    if ('keys' in part) {
      value = part.read(entries, at.child(property), owner);
    } else {
      const key = part.key ?? kebabCase(property);
      value = readKey(entries, key, at, property, part.field);
      value ??= part.fill;
    }
    if (value !== undefined) result[property] = value;
    else if (part.required) broken = true;
  }
  return broken ? undefined : result;
}

/** One value read as one property of the operator. */
export function propertyField<const P extends string, V>(
  property: P,
  field: Field<V>,
): Field<Readonly<Record<P, V>>> {
  return {
    ...field,
    read(node, at) {
      const place = at.child(property);
      const value = field.read(node, place);
      return value === undefined ? undefined : ({ [property]: value } as Record<P, V>);
    },
  };
}
