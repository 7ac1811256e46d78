import type { CallDef, StoreDef } from '../definition.ts';
import { duration, text, typeName } from '../fields.ts';
import { object } from '../object.ts';
import { effectField } from './call-effect.ts';

/** `stores:` state that `process` stages use. */
export const storeTable = object<StoreDef>({
  title: 'store',
  doc: 'State of a `process` stage: key-value, with a changelog. Stores of tables and aggregates need no declaration.',
  example: `application: orders
stores:
  holds: { key: string, value: shop.Hold, ttl: 30d }
  stock: { key: shop.StockKey, value: shop.Stock, ttl: none, why: one row per store and product }
stages: {}
`,
  later: { window: [], session: [], versioned: [], was: [] },
  parts: {
    key: { field: typeName, required: true, doc: 'Avro type of the key.' },
    value: { field: typeName, required: true, doc: 'Avro type of the value.' },
    ttl: {
      field: duration('none'),
      required: true,
      doc: 'Stream time after which a row expires, or `none`, which wants a `why`.',
    },
    why: { field: text, doc: 'Why the store cannot grow without bound, for `ttl: none`.' },
    doc: { field: text, doc: 'What it holds, for people.' },
  },
});

/** `calls:` external services. */
export const callTable = object<CallDef>({
  title: 'call',
  doc: 'An external service: what it is asked and what it answers. Where it is says the runner file.',
  example: `application: orders
calls:
  payments: { request: shop.ChargeRequest, reply: shop.ChargeReply, effect: { idempotent: { window: 24h } } }
stages: {}
`,
  parts: {
    request: { field: typeName, required: true, doc: 'Avro record type of the request.' },
    reply: { field: typeName, required: true, doc: 'Avro record type of the reply.' },
    effect: {
      field: effectField,
      default: '`{ idempotent: { window: 24h } }`',
      doc: 'What it means to send a request again.',
    },
    doc: { field: text, doc: 'What it does, for people.' },
  },
});
