/** What `millrace explain CODE` says about a finding of the graph checks. */
export interface CodeDoc {
  readonly title: string;
  readonly explanation: string;
  /** A topology (or the part of one) that shows the mistake and its cure. */
  readonly example: string;
}

/**
 * Findings about the graph: E050–E089 are errors, W050–W089 warnings. A code keeps its meaning for
 * ever.
 */
export const graphCodes = {
  E050: {
    title: 'unknown stream, table or stage',
    explanation:
      'A reference (`from`, `with`, `to`, `compensates`) names something that the topology does ' +
      'not declare.',
    example: 'from: placd        # streams has "placed"',
  },
  E051: {
    title: 'unknown output',
    explanation:
      'The stage is there, but it has no output of that name. The note lists those it has.',
    example: 'from: validate.good   # validate has valid and invalid',
  },
  E052: {
    title: 'unknown Avro type',
    explanation:
      'No .avsc file of the schemas folder declares a type of that full name, and it is no ' +
      'primitive.',
    example: 'value: Order    # write shop.Order, with its namespace',
  },
  E053: {
    title: 'unknown store',
    explanation:
      'A process stage may use stores that `stores:` declares, and read the stores of tables.',
    example: 'stores: [stok]   # stores has "stock"',
  },
  E054: {
    title: 'unknown call',
    explanation: 'A call stage names a service that `calls:` does not declare.',
    example: 'call: payment    # calls has "payments"',
  },
  E055: {
    title: 'name used twice',
    explanation:
      'Streams, tables and stages share one name space, since references do not say which they ' +
      'mean. Stores share one, too: a store names its changelog. Names that Millrace derives (a ' +
      'repartition topic, say, or the stores of `park-by-key`, which end in `-parked`) must not ' +
      'meet names that you chose.',
    example: 'streams: { orders: … }\ntables: { orders: … }    # call it current-orders',
  },
  E056: {
    title: 'malformed name',
    explanation:
      'Names are lower-case words joined by hyphens: `fan-out`. Topics hold letters, digits, ' +
      '`.`, `_` and `-`.',
    example: 'stages: { FanOut: … }   # fan-out',
  },
  E057: {
    title: 'malformed function name',
    explanation:
      '`use:` and `process:` name a file of the processors folder without `.ts`, in kebab-case; ' +
      'the file exports the same name in camelCase.',
    example: 'use: priceOf     # write price-of: price-of.ts exports priceOf',
  },
  E058: {
    title: 'stream where a table is needed, or the other way round',
    explanation:
      'A table is rows that change; a stream is records that happen. Operators that look at ' +
      'records one by one take streams. Put a `to-stream` stage (or a `to-table` stage) ' +
      'between.',
    example: 'changes: { from: customers, to-stream: {} }\npeeked: { from: changes, peek: log }',
  },
  E059: {
    title: 'misuse of a global table',
    explanation:
      'A global table is a full copy in every member. It can be joined by any key and read by ' +
      'process stages, but no records flow out of it.',
    example: 'enrich: { from: orders, join: { with: products, on: value.productId } }',
  },
  E060: {
    title: 'merged inputs differ in type',
    explanation: 'All that an input merges must have the same key type and the same value type.',
    example: 'from: [placed, cancelled]   # map both to one type first',
  },
  E061: {
    title: 'value of the wrong type',
    explanation:
      'The value made here is not of the type that is needed, or of none that Avro can write (a ' +
      'duration, a list of different types).',
    example: 'flat-map-values: value.total   # a list is needed: value.lines',
  },
  E062: {
    title: 'record does not fit the stream',
    explanation:
      'What a stage sends must have the key and value type that the stream declares. Add a ' +
      'projection (`as`, `set`) or a `key:` to the sink.',
    example: 'to: [ { paid: { as: shop.OrderPaid, set: { … } } } ]',
  },
  E063: {
    title: 'stream that cannot be written to',
    explanation:
      'A sink writes to a stream with one topic, once per stage. Tables are read: declare a ' +
      'stream with the same topic to write to it.',
    example: 'to: customers    # a table',
  },
  E064: {
    title: 'which output?',
    explanation:
      'The stage has several outputs, so a reference must say which, and `to` cannot: add a ' +
      'stage that takes the one to be sent.',
    example: 'from: validate   # write validate.valid',
  },
  E065: {
    title: 'output that nothing consumes',
    explanation:
      'Every output of every stage is consumed by another, sent to a stream, or dropped by ' +
      'name. Nothing disappears by accident.',
    example: 'drop: [invalid]',
  },
  E066: {
    title: 'dropped output that is unknown or consumed',
    explanation: '`drop` names outputs of the stage that nothing consumes, and only those.',
    example: 'drop: [valid]    # but charge takes validate.valid',
  },
  E067: {
    title: 'cycle',
    explanation:
      'Records would go round for ever. A cycle is allowed only where an outcome of a call says ' +
      'what it `compensates`.',
    example: 'a: { from: b }\nb: { from: a }',
  },
  E068: {
    title: 'compensation that goes nowhere',
    explanation:
      '`compensates: stage.output` says whose effect the outcome undoes. That stage must take ' +
      'the outcome, directly or through others; else nothing is undone.',
    example:
      'DECLINED: { out: declined, compensates: reserve.held }\n# reserve has an input from ' +
      'charge.declined',
  },
  E069: {
    title: 'not co-partitioned',
    explanation:
      'Records that meet in a stage must lie in partitions of the same number: the topics need ' +
      'the same partition count and the same `partition-by`. Put a `repartition` stage in front ' +
      'of one of them.',
    example: 'wide: { from: orders, repartition: { partitions: 6 } }',
  },
  E070: {
    title: 'keys of different types meet',
    explanation:
      'A join and a stage with stores and several inputs bring records with equal keys ' +
      'together, so their keys must have one type, written in the same bytes.',
    example:
      'enrich: { in: { in: { from: orders, key: value.customerId } }, join: { with: customers } }',
  },
  E071: {
    title: 'store that grows for ever without a reason',
    explanation:
      'A store has a `ttl`. Where its rows must stay for ever, `ttl: none` comes with a `why`.',
    example: 'stock: { key: …, value: …, ttl: none, why: one row per product }',
  },
  E072: {
    title: 'store with two writers',
    explanation:
      'One stage writes a store; others ask it through the topology. Two writers would make its ' +
      'content depend on timing.',
    example: 'stores: [stock]   # in a second stage',
  },
  E073: {
    title: 'call without an idempotency key',
    explanation:
      'A call is repeated after a crash. The idempotency key lets the service see that it is ' +
      'the same request; it must be the same on every attempt.',
    example: 'idempotency-key: \'"charge-" + value.orderId\'',
  },
  E074: {
    title: 'outcomes that are not exhaustive',
    explanation:
      'Each symbol of the enum that `match` gives needs an outcome, and every outcome a symbol. ' +
      '`unknown` is for replies that did not come or cannot be read.',
    example: 'outcomes: { match: reply.state, APPROVED: …, DECLINED: …, unknown: … }',
  },
  E075: {
    title: 'topic declared in two ways',
    explanation:
      'Two declarations of one topic must agree on types, format and partitions, and only one ' +
      'of them can be read: an application has one position in a topic. Topics that Millrace ' +
      'creates for the application cannot be declared, and dead letters, which are raw bytes, ' +
      'need a topic of their own (or one that is declared with format bytes).',
    example: 'streams: { a: { topic: t, value: shop.A }, b: { topic: t, value: shop.B } }',
  },
  E076: {
    title: 'record time that is no time',
    explanation:
      '`time` gives a timestamp, or a long with a `time-unit`. A plain number could be seconds ' +
      'or milliseconds, and nobody could tell.',
    example: 'time: value.at, time-unit: ms',
  },
  E077: {
    title: 'something needed is missing',
    explanation: 'The operator cannot work without the option that the message names.',
    example: 'reduce: { …, add: aggregate + value }   # over a table: subtract, too',
  },
  E078: {
    title: 'option that does not apply here',
    explanation: 'The option would have no effect, so it is refused rather than ignored.',
    example: 'filter: { when: …, store: s }   # on a stream there is nothing to store',
  },
  E079: {
    title: 'wrong number of inputs',
    explanation:
      'Only `process` has several named inputs. Other operators take one, which may merge ' +
      'several streams.',
    example: 'from: [placed, amended]',
  },
  E080: {
    title: 'format that cannot hold the type',
    explanation:
      'Values in format `string` are of type string, those in format `bytes` of type bytes. ' +
      '`avro` and `json` hold any type.',
    example: 'value: shop.Order, format: string   # format: json',
  },
  E081: {
    title: 'not yet',
    explanation: 'The language has a place for this, but this version cannot run it.',
    example: 'join: { with: customers }   # a table with a table',
  },
  E082: {
    title: 'type of the wrong kind',
    explanation: 'The place needs a record (or an enum), and the type named is another.',
    example: 'map-values: { as: string, set: { … } }   # only records have fields',
  },
  E083: {
    title: 'repeats of a call that is sent once',
    explanation:
      'The call is declared `effect: at-most-once`: a request is never sent a second time. A stage ' +
      'that repeats it after a time-out, or asks again after a while, contradicts that.',
    example: 'retry: { attempts: 1 }, outcomes: { …, unknown: { out: undecided } }',
  },
  E084: {
    title: 'subject without a name',
    explanation:
      'A subject by `record` or `topic-record` has the full name of the type in it, so the type is a ' +
      'record, an enum or a fixed type. Types without a name have subjects by `topic`.',
    example: 'value: string, subject: record   # value: shop.Order, subject: record',
  },
  W050: {
    title: 'idempotency key made from a changed key',
    explanation:
      'An earlier stage made the key anew. If that stage changes, requests that were sent ' +
      'already get another idempotency key and are sent again. Use a field of the value that ' +
      'stays.',
    example: 'idempotency-key: \'"charge-" + value.orderId\'',
  },
  W051: {
    title: 'money in floating point',
    explanation: 'A float cannot hold 0.10, and sums drift. Use a long of cents, or a decimal.',
    example: '{ "name": "amountCents", "type": "long" }',
  },
  W052: {
    title: 'declared and never used',
    explanation:
      'Nothing refers to the stream, table, store or call. It may be a left-over, or a slip in ' +
      'a name.',
    example: 'stores: { stock: … }   # and no stage with stores: [stock]',
  },
  W053: {
    title: 'parking longer than the window of the service',
    explanation:
      'After the window a service no longer knows an idempotency key, so nothing is sent again by ' +
      'itself. A call that is parked for longer than that ends up with a person.',
    example: 'effect: { idempotent: { window: 24h } }   # and unknown: { park: 5m, times: 12, … }',
  },
} as const satisfies Readonly<Record<string, CodeDoc>>;

/** Code of a finding of the graph checks. */
export type GraphCode = keyof typeof graphCodes;
