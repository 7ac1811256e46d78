/** What `millrace explain CODE` says about a finding in the form of a file. */
export interface SyntaxCodeDoc {
  readonly title: string;
  readonly explanation: string;
  /** A part of a topology that shows the mistake and its cure. */
  readonly example: string;
}

/**
 * Findings about the form of a topology file: E001–E019 and E040–E049, and E090 for what comes
 * later. A code keeps its meaning for ever.
 */
export const syntaxCodes = {
  E001: {
    title: 'not YAML',
    explanation:
      'The text cannot be read as YAML 1.2, so nothing else can be said about it. Mostly a text with ": " or a leading quote wants quotes around the whole of it.',
    example: `filter: a ? b : c      # filter: 'a ? b : c'`,
  },
  E002: {
    title: 'another kind of value expected',
    explanation: 'A map, list, text or number stands where another of these is expected.',
    example: 'partitions: four       # partitions: 4',
  },
  E003: {
    title: 'unknown key',
    explanation:
      'Every map of the language has fixed keys or names of your choice; this is neither. If a known key is near enough, its value is read as if that had been written, so that nothing else is reported because of the slip.',
    example: 'retension: 30d         # retention: 30d',
  },
  E004: {
    title: 'there twice',
    explanation: 'A key or a branch stands twice in one map or split. The first one counts.',
    example: 'to: paid … to: status  # to: [paid, status]',
  },
  E005: {
    title: 'YAML tag',
    explanation:
      'Only the tags of YAML’s core schema are known. Mostly an expression that starts with "!" wants quotes.',
    example: `filter: !value.gold    # filter: '!value.gold'`,
  },
  E006: {
    title: 'missing key',
    explanation: 'A key without which the rest says nothing is not there.',
    example: 'placed: { topic: orders.placed, key: string }   # and value: shop.OrderPlaced',
  },
  E007: {
    title: 'alias that leads nowhere',
    explanation:
      'An alias (`*name`) needs its anchor (`&name`) before it and outside of it, and all aliases together must not expand to more than a million values.',
    example: `filter: *2 > value.n   # filter: '2 * value.n > 1'`,
  },
  E008: {
    title: 'not a name',
    explanation:
      'What you name (application, streams, tables, stores, calls, stages, inputs, outputs) is called in lower-case words and digits, joined by "-". Functions of the same name are exported in camelCase.',
    example: 'fanOut: …              # fan-out: …',
  },
  E009: {
    title: 'text of the wrong form',
    explanation:
      'A topic, an Avro type, a reference, a function or a field is written in a form that it cannot have.',
    example: 'topic: orders placed   # topic: orders.placed',
  },
  E010: {
    title: 'none of the words that may stand here',
    explanation: 'The position takes one of a few words; the message lists them.',
    example: 'format: avrro          # format: avro',
  },
  E011: {
    title: 'not a duration',
    explanation:
      'Durations are numbers with a unit (ms, s, m, h, d), put together if need be: 250ms, 5s, 1m30s, 24h, 7d. They come to whole milliseconds.',
    example: 'timeout: 2             # timeout: 2s',
  },
  E012: {
    title: 'number out of range',
    explanation:
      'The number is no whole one, or too small or too large; the message says the range.',
    example: 'partitions: 0          # partitions: 1',
  },
  E013: {
    title: 'keys that exclude each other',
    explanation:
      'Two keys of one map say different things about the same: two operators in one stage, `from` and `in`, `expr` and `set`. Two operators are two stages, connected by `from`.',
    example: 'filter: …, map-values: …   # two stages',
  },
  E014: {
    title: 'a stage that does nothing',
    explanation:
      'A stage has an operator, or it writes (`to`), re-keys (`key`) or merges (`from` with several).',
    example: 'copy: { from: placed }     # copy: { from: placed, to: archive }',
  },
  E015: {
    title: 'quoted number or name in an expression',
    explanation:
      'YAML takes the quotes off before the expression is read, so "330" is the number 330 and "paid" the variable paid. A text needs quotes of its own inside. To leave no doubt, neither is accepted.',
    example: `key: "330"     # key: 330 (number), key: '"330"' (text)`,
  },
  E016: {
    title: 'expression cut by YAML',
    explanation:
      'Inside { } and [ ] a comma ends a value. An expression with a comma wants quotes there, or a map over several lines.',
    example: `{ filter: f(a, b) }    # { filter: 'f(a, b)' }`,
  },
  E017: {
    title: 'list item of the wrong form',
    explanation:
      'Each item of `split` is one branch, the last of which takes the rest; each item of `to` is one stream.',
    example: 'split: [large: value.n > 9]   # … and - small: otherwise, or - rest: dropped',
  },
  E018: {
    title: 'empty list',
    explanation: 'A list without items says nothing: leave out its key, or say what belongs in it.',
    example: 'stores: []             # leave it out',
  },
  E019: {
    title: 'not a share of failures',
    explanation: '`halt-above` is a share in per cent, of at least so many records, within a time.',
    example: 'halt-above: 5%         # halt-above: 5% of 100 per 1m',
  },
  E040: {
    title: 'key without its operator',
    explanation: 'The key belongs beside an operator that this stage does not have.',
    example: 'filter: …, stores: [stock]   # stores belongs to process',
  },
  E090: {
    title: 'not yet',
    explanation:
      'The key or word belongs to the language, but this version does not support it. Nothing is done half: take it out, or wait.',
    example: 'breaker: { … }         # a later version',
  },
} as const satisfies Readonly<Record<string, SyntaxCodeDoc>>;
