/** A CEL expression, as text. */
export type Expression = string;

/** A value that a tagged expression takes over as a literal. */
export type Literal = string | number | boolean | null;

/**
 * A CEL expression as tagged text. What is put in is written as a CEL literal, so a text is quoted
 * and can never become code.
 *
 * **Example**
 * ```ts
 * expr`value.currency == ${'USD'} && value.totalCents > ${100}`;
 * // => 'value.currency == "USD" && value.totalCents > 100'
 * ```
 */
export function expr(strings: TemplateStringsArray, ...values: readonly Literal[]): Expression {
  return strings
    .map((text, i) => (i === 0 ? text : `${JSON.stringify(values[i - 1])}${text}`))
    .join('')
    .trim();
}
