import type { Field } from './field.ts';
import { wrongKind } from './fields.ts';
import type { Place } from './place.ts';
import type { WrittenScalar } from './written.ts';

const bareNumber = /^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?u?$/;
const bareName = /^[A-Za-z_]\w*$/;

/**
 * A CEL expression. Its text is the scalar's; of a YAML number or boolean, the text that was
 * written.
 * A quoted scalar that holds a bare number or name is an error, since it may be meant as text.
 */
export const expression: Field<string> = {
  read(node, at) {
    if (node.kind !== 'scalar') {
      return wrongKind(node, at, 'an expression (one that starts with "[" or "{" must be quoted)');
    }
    const text = node.text.trimEnd();
    if (text === '') return wrongKind(node, at, 'an expression');
    if (node.style === 'quoted') checkQuoted(node, text, at);
    at.mark(node);
    return text;
  },
  schema: { type: ['string', 'number', 'boolean', 'null'] },
  type: 'expression',
  tables: [],
};

function checkQuoted(node: WrittenScalar, text: string, at: Place): void {
  const number = bareNumber.test(text);
  if (!number && !bareName.test(text)) return;
  const what = number ? 'number' : text === 'true' || text === 'false' ? 'boolean' : 'name';
  at.error('E015', node.span, `a quoted ${what} in an expression: is the text meant?`, {
    suggestion: `write ${text} for the ${what}, '"${text}"' for the text`,
  });
}
