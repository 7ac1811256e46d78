import type { Field } from '../../topology/definition/field.ts';
import { text } from '../../topology/definition/fields.ts';

/** A text that stands in the environment alone: a runner file is no place for it. */
export const secret: Field<string> = {
  ...text,
  read(node, at) {
    if (node.kind === 'scalar' && node.style !== 'broken' && node.fromEnvironment !== true) {
      at.error('R002', node.span, 'a secret must not stand in the file', {
        suggestion: 'put it into an environment variable, and write ${NAME} here',
      });
      return undefined;
    }
    return text.read(node, at);
  },
  type: '`${VARIABLE}`',
};
