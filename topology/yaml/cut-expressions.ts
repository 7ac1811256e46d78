import { isScalar, type Pair } from 'yaml';
import type { Place } from '../definition/place.ts';
import type { WrittenScalar } from '../definition/written.ts';
import { verbatim } from './written-scalar.ts';

/** A value that was put together again, and how many further pairs went into it. */
export interface Rejoined {
  readonly value: WrittenScalar;
  readonly used: number;
}

/**
 * Finds an expression that YAML cut at a comma: in `{ when: f(a, b) }` the value is `f(a`, and `b)`
 * is a key without value. Reports it, and gives the
 * expression as it was meant, so that nothing else is reported about it.
 */
export function rejoinCut(
  pairs: readonly Pair[],
  index: number,
  context: { readonly text: string; readonly at: Place },
): Rejoined | undefined {
  const value = plain(pairs[index]?.value);
  if (value === undefined || openParentheses(value.text) <= 0) return undefined;
  let open = openParentheses(value.text);
  for (let next = index + 1; open > 0; next++) {
    const pair = pairs[next];
    const piece = plain(pair?.key);
    if (pair === undefined || piece === undefined || pair.value !== null) return undefined;
    open += openParentheses(piece.text);
    if (open <= 0) {
      const span = [value.start, piece.end] as const;
      const meant = context.text.slice(...span);
      context.at.error('E016', span, 'inside { } a comma ends the value: this expression is cut', {
        suggestion: `write '${meant.replaceAll("'", "''")}'`,
      });
      return { value: verbatim(context.text, span), used: next - index };
    }
  }
  return undefined;
}

function plain(node: unknown): { text: string; start: number; end: number } | undefined {
  if (!isScalar(node) || node.type !== 'PLAIN' || !node.range || node.source === undefined) {
    return undefined;
  }
  return { text: node.source, start: node.range[0], end: node.range[1] };
}

function openParentheses(text: string): number {
  let open = 0;
  for (const char of text) open += char === '(' ? 1 : char === ')' ? -1 : 0;
  return open;
}
