import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Scalar } from 'yaml';
import { Document, isScalar, parseDocument, visit } from 'yaml';
import { scalarOffsets } from '../../../topology/yaml/scalar-offsets.ts';

/** The raw text that offsets point at, unit by unit. */
function mapped(
  source: string,
  style: Parameters<typeof scalarOffsets>[0]['style'],
  value: string,
) {
  const offsets = scalarOffsets({ style, source, offset: 0 }, value);
  return offsets?.slice(0, -1).map((offset) => source[offset]);
}

describe('scalarOffsets', () => {
  test('counts on in a plain scalar of one line', () => {
    expect(scalarOffsets({ style: 'plain', source: 'a && b', offset: 10 }, 'a && b')).toEqual([
      10, 11, 12, 13, 14, 15, 16,
    ]);
  });

  test('skips the indentation of a folded plain scalar', () => {
    expect(mapped('a &&  \n     b', 'plain', 'a && b')).toEqual(['a', ' ', '&', '&', ' ', 'b']);
  });

  test('steps over a doubled single quote', () => {
    expect(scalarOffsets({ style: 'single', source: "'it''s'", offset: 0 }, "it's")).toEqual([
      1, 2, 3, 5, 6,
    ]);
  });

  test('steps over escapes in a double-quoted scalar', () => {
    const source = String.raw`"a\"\u0041\x42c"`;
    expect(scalarOffsets({ style: 'double', source, offset: 0 }, 'a"ABc')).toEqual([
      1, 2, 4, 10, 14, 15,
    ]);
  });

  test('gives both halves of a surrogate pair the offset of its escape', () => {
    const source = String.raw`"\U0001F600x"`;
    expect(scalarOffsets({ style: 'double', source, offset: 0 }, '😀x')).toEqual([1, 1, 11, 12]);
  });

  test('skips an escaped line break and the next line’s indentation', () => {
    expect(mapped('"ab\\\n   cd"', 'double', 'abcd')).toEqual(['a', 'b', 'c', 'd']);
  });

  test('maps several line breaks to one less', () => {
    expect(mapped("'a\n\n  b'", 'single', 'a\nb')).toEqual(['a', '\n', 'b']);
  });

  test('skips the indentation of a literal block', () => {
    const source = '    a &&\n      b\n';
    expect(mapped(source, 'literal', 'a &&\n  b\n')).toEqual('a &&\n  b\n'.split(''));
  });

  test('folds the lines of a folded block, but not more indented ones', () => {
    const source = '  a\n  b\n\n  c\n    d\n  e\n';
    const value = 'a b\nc\n  d\ne\n';
    expect(scalarOffsets({ style: 'folded', source, offset: 0 }, value)?.length).toBe(
      value.length + 1,
    );
    const shown = mapped(source, 'folded', value) ?? [];
    expect(shown.filter((char) => /\w/.test(char ?? '')).join('')).toBe('abcde');
  });

  test('is undefined rather than wrong where the value is not the raw text’s', () => {
    expect(scalarOffsets({ style: 'plain', source: 'abc', offset: 0 }, 'xyz')).toBeUndefined();
  });

  test('maps every letter of any text to that letter, in every style, with LF and CRLF', () => {
    const styles = [
      'PLAIN',
      'QUOTE_SINGLE',
      'QUOTE_DOUBLE',
      'BLOCK_LITERAL',
      'BLOCK_FOLDED',
    ] as const;
    const word = fc.stringMatching(/^[a-z"'\\é😀&|()]{1,12}$/u);
    const text = fc.array(word, { minLength: 1, maxLength: 30 }).chain((words) =>
      fc
        .array(fc.constantFrom(' ', '  ', '\n', '\n\n', '\n  '), {
          minLength: words.length,
          maxLength: words.length,
        })
        .map((gaps) => words.map((one, i) => one + (gaps[i] as string)).join('')),
    );
    fc.assert(
      fc.property(text, fc.constantFrom(...styles), fc.boolean(), (value, type, crlf) => {
        const document = new Document({ a: { b: value } });
        visit(document, {
          Scalar(key, node) {
            if (key === 'value') node.type = type;
          },
        });
        const written = document.toString({ lineWidth: 30 });
        const file = crlf ? written.replaceAll('\n', '\r\n') : written;
        checkLetters(file);
      }),
      { numRuns: 1500 },
    );
  });
});

/** Every scalar of the file: its offsets exist, grow, and point at the letters of its value. */
function checkLetters(file: string): void {
  visit(parseDocument(file, { keepSourceTokens: true }), {
    Scalar(key, node) {
      if (key !== 'value' || !isScalar(node)) return;
      const { value } = node as Scalar<string>;
      const token = (node as Scalar.Parsed).srcToken;
      if (token === undefined) throw new Error('no token');
      const styles = {
        PLAIN: 'plain',
        QUOTE_SINGLE: 'single',
        QUOTE_DOUBLE: 'double',
        BLOCK_LITERAL: 'literal',
        BLOCK_FOLDED: 'folded',
      } as const;
      const style = styles[node.type as keyof typeof styles];
      const offsets = scalarOffsets({ style, source: token.source, offset: 0 }, value);
      if (offsets === undefined) throw new Error(`no offsets for ${JSON.stringify(file)}`);
      expect(offsets).toHaveLength(value.length + 1);
      for (let i = 0; i < value.length; i++) {
        if (/[a-z]/.test(value[i] as string))
          expect(token.source[offsets[i] as number]).toBe(value[i]);
        expect(offsets[i + 1]).toBeGreaterThanOrEqual(offsets[i] as number);
      }
    },
  });
}
