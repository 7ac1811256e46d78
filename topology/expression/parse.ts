import type { ASTNode } from '@marcbachmann/cel-js';
import { ParseError, parse } from '@marcbachmann/cel-js';
import type { ExpressionProblem } from './expression.ts';

/** The syntax tree of an expression, or what is wrong with its text. */
export function parseExpression(
  text: string,
): { readonly ast: ASTNode } | { readonly problem: ExpressionProblem } {
  if (text.trim() === '') {
    return { problem: syntaxProblem('an expression is missing', [0, text.length]) };
  }
  try {
    return { ast: parse(text).ast };
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    const { start, end } = error.range ?? { start: 0, end: text.length };
    const problem = syntaxProblem(explain(error), [start, end]);
    const isAssignment = error.code === 'unexpected_character' && text[start] === '=';
    return {
      problem: isAssignment
        ? { ...problem, suggestion: 'equality is written ==' }
        : error.code === 'unterminated_string'
          ? { ...problem, suggestion: `close it with ${text[start] ?? '"'}` }
          : problem,
    };
  }
}

function syntaxProblem(message: string, range: readonly [number, number]): ExpressionProblem {
  return { code: 'E022', message, range, severity: 'error' };
}

const tokens: Readonly<Record<string, string>> = {
  EOF: 'the end',
  NUMBER: 'a number',
  STRING: 'a text',
  BOOLEAN: 'true or false',
  NULL: 'null',
  IDENTIFIER: 'a name',
  PLUS: '+',
  MINUS: '-',
  MULTIPLY: '*',
  DIVIDE: '/',
  MODULO: '%',
  EQ: '==',
  NE: '!=',
  LT: '<',
  LE: '<=',
  GT: '>',
  GE: '>=',
  AND: '&&',
  OR: '||',
  NOT: '!',
  IN: 'in',
  LPAREN: '(',
  RPAREN: ')',
  LBRACKET: '[',
  RBRACKET: ']',
  LBRACE: '{',
  RBRACE: '}',
  DOT: '.',
  COMMA: ',',
  COLON: ':',
  QUESTION: '?',
  BYTES: 'bytes',
};

/** The parser's message in words: its token names replaced by what people type. */
function explain(error: ParseError): string {
  const summary = error.summary.replace(
    /\b[A-Z]{2,}\b/g,
    (name) => tokens[name] ?? name.toLowerCase(),
  );
  return summary.charAt(0).toLowerCase() + summary.slice(1);
}
