/** What `millrace explain CODE` says about a finding in an expression. */
export interface ExpressionCodeDoc {
  readonly title: string;
  readonly explanation: string;
  /** An expression that shows the mistake and its cure. */
  readonly example: string;
}

/**
 * Findings in expressions and projections: E020–E039 are errors, W020–W039 warnings. A code keeps
 * its meaning for ever.
 */
export const expressionCodes = {
  E020: {
    title: 'unknown name',
    explanation:
      'Expressions see key, value, headers and record; in joins left and right, in outcomes ' +
      'reply, in aggregates aggregate. A bare enum symbol is known only where ' +
      'exactly one enum type is asked for; elsewhere it is written with its type.',
    example: 'vale.total > 100     # value.total > 100',
  },
  E021: {
    title: 'unknown field',
    explanation: 'The Avro record type has no field of that name. The note lists its fields.',
    example: 'line.quantitty       # line.quantity',
  },
  E022: {
    title: 'not a CEL expression',
    explanation: 'The text does not parse. Equality is ==, not is !, and texts are quoted.',
    example: 'value.total = 3      # value.total == 3',
  },
  E023: {
    title: 'types do not go together',
    explanation:
      'An operator, an index or a condition got values of types that it does not take. Nothing ' +
      'is converted by itself, save an int literal next to a double.',
    example: '"order " + value.total   # "order " + string(value.total)',
  },
  E024: {
    title: 'may be null',
    explanation:
      'An optional field (a union with null) is used without a test. A test on the left of &&, ' +
      '||, or before ?: counts for what stands to its right.',
    example: 'size(value.note) > 0     # value.note != null && size(value.note) > 0',
  },
  E025: {
    title: 'only a function can compute with this',
    explanation:
      'Unions of several types, bytes, fixed and decimals can be passed on by an expression, as ' +
      'they are. What computes with them is a function in TypeScript: use.',
    example: 'value.price > 3          # use: is-expensive',
  },
  E026: {
    title: 'unknown enum symbol',
    explanation: 'The enum has no such symbol. The note lists its symbols.',
    example: 'value.state == PAYED     # value.state == PAID',
  },
  E027: {
    title: 'result is of another type',
    explanation: 'The place asks for one Avro type and the expression gives another.',
    example: 'state: \'"PAID"\'          # state: PAID',
  },
  E028: {
    title: 'result would lose digits',
    explanation:
      'Integers widen to long and double by themselves. The other way, and from time stamps in ' +
      'µs to ms, digits can be lost, so it must be written.',
    example: 'cents: value.price * 100.0   # cents: int(value.price * 100.0)',
  },
  E029: {
    title: 'unknown function or wrong arguments',
    explanation: 'There is no function or method of that name, or it takes other arguments.',
    example: 'value.name.startWith("A")    # value.name.startsWith("A")',
  },
  E030: {
    title: 'literal that means nothing',
    explanation:
      'A pattern that does not compile, a time stamp, duration or time zone that is none, or an ' +
      'integer beyond ±9007199254740991. They are read before the run.',
    example: 'duration("1 hour")       # duration("1h")',
  },
  E031: {
    title: 'field of a projection is missing',
    explanation:
      'A projection sets every field of its Avro type that has no default. Fields with a ' +
      'default may be left out.',
    example: 'set: { orderId: key }    # … and at: record.time',
  },
  E032: {
    title: 'projection sets an unknown field',
    explanation: 'The Avro type has no field of that name. The note lists its fields.',
    example: 'set: { orderID: key }    # set: { orderId: key }',
  },
  E034: {
    title: 'part of CEL that is not supported',
    explanation:
      'Unsigned integers, dyn(), type(), bytes(), optional access (.?) and maps whose keys are ' +
      'no strings have no counterpart in Avro.',
    example: 'size(value.lines) > 0u   # size(value.lines) > 0',
  },
  W020: {
    title: 'null test that cannot fail',
    explanation: 'The value is never null, so the test always gives the same.',
    example: 'value.total != null      # total is no union with null',
  },
  W021: {
    title: 'money in floating point',
    explanation:
      'Sums of floating-point numbers are not exact. Count money in its smallest unit, as a long.',
    example: 'totalPrice: value.price * 1.19   # totalCents, a long',
  },
} as const satisfies Readonly<Record<string, ExpressionCodeDoc>>;

export type ExpressionCode = keyof typeof expressionCodes;
