import { merge, mergeMap } from 'rxjs';
import { effect } from '../../processors/effect.ts';
import type { ProcessStage } from '../../processors/process.ts';
import type { Punctuation } from '../../processors/stage.ts';
import type { KeyValueStore } from '../../processors/store.ts';
import type { StreamRecord } from '../../topology/core/record.ts';
import type { Scalar } from './vector.ts';

/** What a function of a vector may speak of. */
export interface Variables {
  readonly key?: Scalar;
  readonly value?: Scalar;
  readonly left?: Scalar;
  readonly right?: Scalar;
  readonly agg?: Scalar;
}

/** A function of a vector with the Avro type of its result. */
export interface VectorFunction {
  readonly type: 'string' | 'long' | 'boolean';
  readonly run: (variables: Variables) => Scalar | boolean;
}

const number = (value: Scalar | undefined): number => value as number;

/** Functions that the vectors describe in words; the others are templates. */
const known: Readonly<Record<string, VectorFunction>> = {
  'value % 2 == 0': { type: 'boolean', run: ({ value }) => number(value) % 2 === 0 },
  "lowercase(value) == 'accept'": {
    type: 'boolean',
    run: ({ value }) => String(value).toLowerCase() === 'accept',
  },
  'parseInt(value)': { type: 'long', run: ({ value }) => Number.parseInt(String(value), 10) },
  "charCode(value[0]) - charCode('a')": {
    type: 'long',
    run: ({ value }) => String(value).charCodeAt(0) - 'a'.charCodeAt(0),
  },
  "'{key}:' + str(left + (right is null ? 0 : right))  (integers)": {
    type: 'string',
    run: ({ key, left, right }) => `${key}:${number(left) + (right === null ? 0 : number(right))}`,
  },
  'agg+value (integers)': { type: 'long', run: ({ agg, value }) => number(agg) + number(value) },
  'agg-value (integers)': { type: 'long', run: ({ agg, value }) => number(agg) - number(value) },
  'remove every occurrence of value from agg': {
    type: 'string',
    run: ({ agg, value }) => String(agg).replaceAll(String(value), ''),
  },
};

/**
 * The function that a vector describes: one of those above, or a template in which null is written
 * `null`. Undefined: not known.
 */
export function vectorFunction(text: string): VectorFunction | undefined {
  const found = known[text];
  if (found !== undefined) return found;
  if (!text.includes('{')) return undefined;
  return {
    type: 'string',
    run: (variables) =>
      text.replace(/\{(\w+)\}/g, (_, name: string) => String(variables[name as keyof Variables])),
  };
}

/** Key and value of a `groupBy` or `map`, as expressions. */
export const pairs: Readonly<Record<string, { readonly key: string; readonly value: string }>> = {
  key: { key: 'key', value: 'value' },
  'key=key,value=value': { key: 'key', value: 'value' },
  'key=value,value=value': { key: 'value', value: 'value' },
  'key=value,value=key': { key: 'value', value: 'key' },
  'key=key[0],value=key[1]': { key: 'key.substring(0, 1)', value: 'key.substring(1, 2)' },
  'key=key,value=trunc(value)': { key: 'key', value: 'int(value)' },
};

/** Key to look up in a global table, as an expression; undefined: the record's own. */
export const keySelectors: Readonly<Record<string, string | undefined>> = {
  key: undefined,
  // The one vector that selects null has a null key, too.
  null: undefined,
  value: 'value',
  "split(value,',')[1], or null when there is no second token":
    'size(value.split(",")) > 1 ? value.split(",")[1] : null',
};

/**
 * The stage of the punctuation vectors: keeps the maximum of each key in a store with a=21; on each
 * tick it forwards all rows.
 */
export const maximum: ProcessStage<
  {
    readonly in: StreamRecord<string, number>;
    readonly wall: Punctuation;
    readonly stream: Punctuation;
  },
  { readonly out: StreamRecord<string, number> },
  { 'agg-store': KeyValueStore<string, number> }
> = (inputs, context) => {
  const store = context.store('agg-store');
  const fill = () => {
    if (store.get('a') === undefined) store.put('a', 21);
  };
  const flush = ({ time }: Punctuation) => {
    fill();
    return [...store.range()].map(([key, row]) => context.record({ key, value: row.value, time }));
  };
  return {
    out: merge(inputs.wall.pipe(mergeMap(flush)), inputs.stream.pipe(mergeMap(flush))),
    effects: inputs.in.pipe(
      effect(({ key, value }) => {
        fill();
        store.put(key, Math.max(value, store.get(key) ?? value));
      }),
    ),
  };
};
