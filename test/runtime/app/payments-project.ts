/** Files of a small project: orders come in, a bank is asked for each, and what came of it goes out. */
export const payments: Readonly<Record<string, string>> = {
  'package.json': '{ "type": "module" }\n',
  'pay.yaml': `application: pay
processors: processors
schemas: schemas
streams:
  orders: { topic: orders, key: string, value: string, partitions: 1, format: string, retention: forever }
  paid: { topic: paid, key: string, value: string, partitions: 1, format: string, retention: forever }
  undecided: { topic: undecided, key: string, value: string, partitions: 1, format: string, retention: forever }
calls:
  bank: { request: pay.Request, reply: pay.Reply }
stages:
  charge:
    from: orders
    call: bank
    request: { order: key, cents: size(value) }
    idempotency-key: '"charge-" + key'
    timeout: 2s
    retry: { attempts: 2, backoff: 5ms, max: 20ms }
    concurrency: { limit: 16, order: per-key }
    outcomes:
      match: reply.state
      PAID: { out: paid }
      unknown: { out: undecided }
  pay: { from: charge.paid, to: paid }
  look: { from: charge.undecided, to: undecided }
errors: { default: { dead-letter: pay.dead-letters } }
`,
  'schemas/request.avsc': `{ "type": "record", "name": "pay.Request", "fields": [
  { "name": "order", "type": "string" }, { "name": "cents", "type": "long" } ] }
`,
  'schemas/reply.avsc': `{ "type": "record", "name": "pay.Reply", "fields": [
  { "name": "state", "type": { "type": "enum", "name": "pay.State", "symbols": ["PAID"] } } ] }
`,
};
