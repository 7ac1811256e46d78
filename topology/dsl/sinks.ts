import type { SinkDef } from '../definition/definition.ts';
import type { Expression } from './expr.ts';
import type { Register, ValueSpec } from './use.ts';
import { expressionText, present, toValueFn } from './use.ts';

/** Names a stream: the handle that the builder gave for it. */
export interface StreamName {
  readonly ref: string;
}

/**
 * Where records go: a stream; a stream with a new key or value; or one of several streams, by an
 * expression that gives its name.
 */
export type SinkSpec<F = unknown> =
  | StreamName
  | { readonly stream: StreamName; readonly key?: Expression; readonly value?: ValueSpec<F> }
  | { readonly by: Expression; readonly among: readonly StreamName[] };

/** The definition of a sink. */
export function toSinkDef(sink: SinkSpec, register: Register): SinkDef {
  if ('by' in sink) {
    return { by: expressionText(sink.by), among: sink.among.map(({ ref }) => ref) };
  }
  if ('ref' in sink) return { stream: sink.ref };
  const { stream, key, value } = sink;
  return present<Extract<SinkDef, { stream: string }>>({
    stream: stream.ref,
    key: key === undefined ? undefined : expressionText(key),
    value: value === undefined ? undefined : toValueFn(value, register),
  });
}
