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
    const { ast } = parse(text);
    if (depthOf(ast) <= maxDepth) return { ast };
    return { problem: tooDeep(text) };
  } catch (error) {
    // The parser descends into a row of `!` or `-` without a bound of its own.
    if (error instanceof RangeError) return { problem: tooDeep(text) };
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

/**
 * Operators below operators: what checks and compiles an expression descends into them. The
 * parser bounds parentheses only, a long `a && b && …` is as deep.
 */
const maxDepth = 250;

function tooDeep(text: string): ExpressionProblem {
  const message = `too many operators: at most ${maxDepth} follow or enclose each other`;
  const suggestion = 'make it a function, or several stages';
  return { ...syntaxProblem(message, [0, text.length]), suggestion };
}

function depthOf(ast: ASTNode): number {
  let depth = 0;
  let level: readonly unknown[] = [ast];
  while (level.length > 0 && depth <= maxDepth) {
    depth++;
    level = level.flatMap((node) => childrenOf((node as ASTNode).args));
  }
  return depth;
}

function childrenOf(args: unknown): readonly unknown[] {
  if (Array.isArray(args)) return args.flatMap(childrenOf);
  return typeof args === 'object' && args !== null && 'op' in args ? [args] : [];
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
