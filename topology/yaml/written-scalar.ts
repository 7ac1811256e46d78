import type { Scalar } from 'yaml';
import type { Span, WrittenScalar } from '../definition/written.ts';
import type { RawScalar } from './scalar-offsets.ts';
import { scalarOffsets } from './scalar-offsets.ts';

/** Nothing, at a place where something could stand. */
export function emptyScalar(span: Span): WrittenScalar {
  return { kind: 'scalar', span, text: '', value: null, style: 'empty', offsets: () => undefined };
}

/** A stretch of the file taken as a plain text. */
export function verbatim(text: string, span: Span): WrittenScalar {
  const value = text.slice(...span);
  return {
    kind: 'scalar',
    span,
    text: value,
    value,
    style: 'plain',
    offsets: () => Array.from({ length: value.length + 1 }, (_, i) => span[0] + i),
  };
}

const styles = {
  PLAIN: 'plain',
  QUOTE_SINGLE: 'single',
  QUOTE_DOUBLE: 'double',
  BLOCK_LITERAL: 'literal',
  BLOCK_FOLDED: 'folded',
} as const;

/** A scalar of the library as a written one. */
export function writtenScalar(node: Scalar, span: Span): WrittenScalar {
  const plain = node.type === 'PLAIN' || node.type === undefined;
  if (plain && (node.source ?? '') === '') return emptyScalar(span);
  const value = node.value as WrittenScalar['value'];
  const text = plain ? (node.source as string) : String(value);
  const raw = rawScalar(node);
  return {
    kind: 'scalar',
    span,
    text,
    value,
    style: plain ? 'plain' : node.type?.startsWith('BLOCK') ? 'block' : 'quoted',
    offsets: () => (raw === undefined ? undefined : scalarOffsets(raw, text)),
  };
}

function rawScalar(node: Scalar): RawScalar | undefined {
  const token = (node as Scalar.Parsed).srcToken;
  if (token === undefined) return undefined;
  const style = styles[(node.type ?? 'PLAIN') as keyof typeof styles];
  if (token.type !== 'block-scalar') return { style, source: token.source, offset: token.offset };
  const header = token.props.reduce(
    (length, prop) => length + ('source' in prop ? prop.source.length : 0),
    0,
  );
  const offset = token.props[0] === undefined ? token.offset : token.props[0].offset + header;
  return { style, source: token.source, offset };
}
