import { subjectStrategies } from '../../core/subject.ts';
import { oneOrMany } from '../collections.ts';
import type { StreamDef, TableDef, TopicDef } from '../definition.ts';
import { expression } from '../expression-field.ts';
import { boolean, choice, duration, integer, name, text, topic, typeName } from '../fields.ts';
import type { Parts } from '../object.ts';
import { object } from '../object.ts';

const topicParts: Parts<TopicDef> = {
  topics: {
    key: 'topic',
    field: oneOrMany(topic, 'topics'),
    required: true,
    doc: 'Topic, or several that are read as one. What is written to has exactly one.',
  },
  key: {
    field: typeName,
    required: true,
    doc: 'Avro type of the key. Primitives are written as Kafka’s own serializers write them.',
  },
  value: { field: typeName, required: true, doc: 'Avro type of the value.' },
  time: {
    field: expression,
    default: 'the time stamp that the log has',
    doc: 'Record time, over `key` and `value`: a timestamp, or a long together with `time-unit`.',
  },
  timeUnit: {
    field: choice(['ms', 's', 'us']),
    doc: 'Unit of `time`, where that is a plain long.',
  },
  format: {
    field: choice(['avro', 'json', 'string', 'bytes']),
    default: '`avro`',
    doc: 'Format of the value.',
  },
  subject: {
    field: choice(subjectStrategies),
    default: '`topic`',
    doc:
      'Subject of the value’s schema in the registry: `<topic>-value`, the record’s name, or ' +
      '`<topic>-<record’s name>`.',
  },
  keySubject: {
    field: choice(subjectStrategies),
    default: '`topic`',
    doc: 'Subject of the key’s schema, likewise; keys of primitive type have none.',
  },
  partitions: {
    field: integer(1, 100_000),
    default: 'as many as the topic has',
    doc: 'Number of partitions; `run` compares it with the log.',
  },
  retention: {
    field: duration('forever'),
    default: '`forever`',
    doc: 'How long records are kept.',
  },
  cleanup: {
    field: choice(['delete', 'compact']),
    default: '`delete`',
    doc: 'Whether old records go by age (`delete`) or by key (`compact`).',
  },
  offsetReset: {
    field: choice(['earliest', 'latest', 'none']),
    default: '`earliest`',
    doc: 'Where to start without a committed position; `none`: refuse.',
  },
  partitionBy: {
    field: expression,
    default: 'the key',
    doc: 'Expression over `key` and `value` whose result chooses the partition.',
  },
  doc: { field: text, doc: 'What it holds, for people.' },
  owner: { field: text, doc: 'Who answers for it.' },
};

/** `streams:` a topic whose records are facts. */
export const streamTable = object<StreamDef>({
  title: 'stream',
  doc: 'A topic whose records are facts: read by stages, written by `to`.',
  example: `application: orders
streams:
  placed:
    topic: orders.placed
    key: string
    value: shop.OrderPlaced
    time: value.placedAt
    partitions: 4
    retention: 30d
  eu-and-us: { topic: [eu.clicks, us.clicks], key: string, value: shop.Click, offset-reset: latest }
stages:
  paid-for: { from: placed, filter: value.totalCents > 0, drop: [out] }
`,
  parts: topicParts,
});

/** `tables:` a topic whose records are the newest state of their key. */
export const tableTable = object<TableDef>({
  title: 'table',
  doc: 'A topic whose records are the newest state of their key; a null value deletes the row.',
  example: `application: orders
tables:
  customers: { topic: crm.customers, key: string, value: crm.Customer, cleanup: compact }
  products:
    topic: catalogue.products
    key: string
    value: shop.Product
    global: true
    store: products-by-id
stages:
  gold: { from: customers, filter: value.gold, drop: [out] }
`,
  later: { versioned: ['history'] },
  parts: {
    ...topicParts,
    global: {
      field: boolean,
      default: '`false`',
      doc: 'Every member holds all partitions, and joins may look up any key.',
    },
    store: { field: name, default: 'the name of the table', doc: 'Name of its store.' },
  },
});
