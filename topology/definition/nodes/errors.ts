import { durationMs } from '../../core/duration.ts';
import type { ErrorPolicyDef, HaltAbove, ParkByKey } from '../definition.ts';
import type { Field } from '../field.ts';
import { choice, integer, onlyTrue, scalarText, topic } from '../fields.ts';
import { exactlyOne, keySpan, readKey } from '../group.ts';
import type { Group } from '../object.ts';
import { groupField, object } from '../object.ts';

const haltPattern = /^(\d+(?:\.\d+)?)% of (\d+) per (\S+)$/;

const haltAbove: Field<HaltAbove> = {
  read(node, at) {
    const text = scalarText(node, at, 'a share such as 5% of 100 per 1m');
    if (text === undefined) return undefined;
    const [, percent, records, per] = haltPattern.exec(text) ?? [];
    const perMs = per === undefined ? undefined : durationMs(per);
    const share = Number(percent) / 100;
    if (perMs === undefined || perMs === 0 || !(share <= 1) || !(Number(records) >= 1)) {
      at.error('E019', node.span, `"${text}" is no share of failures within a time`, {
        suggestion: 'write it like 5% of 100 per 1m',
      });
      return undefined;
    }
    return { share, records: Number(records), perMs };
  },
  schema: { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?% of [0-9]+ per \\S+$' },
  type: 'share',
  tables: [],
};

/** What of parking the file does not say. */
export const defaultParking: ParkByKey = { most: 10_000, whenFull: 'wait' };

/** Most records that may be said to wait in a task. */
export const mostParked = 10_000_000;

const parkByKey = object<ParkByKey>({
  title: 'park-by-key',
  doc: [
    'A record that fails parks its key, in its task: its dead letter is written, and every later record of that key that the task takes from a stream or a repartition topic waits behind it, in the order of the log, until somebody decides. `millrace dlq redrive` lets the record in again, with `--with` after a migration; `millrace dlq discard` gives it up. Those that wait follow, ahead of any later record of the key. A record that waits is not looked at meanwhile: it moves no stream time, and may turn out not to decode. One that fails again parks the key anew. All of it is in the transaction of the task: a crash loses, doubles and reorders nothing.',
    'Not held, and no reason to hold others: records without a key; rows of tables; replies of calls, ticks, and what a stage sets aside by `context.deadLetter`. Their dead letters are as without `park-by-key`. `{}` takes the defaults.',
  ].join('\n\n'),
  mayBeEmpty: true,
  parts: {
    most: {
      field: integer(1, mostParked),
      default: '`10000`',
      fill: defaultParking.most,
      doc: 'Records that a task holds at most, those with a dead letter included. Where stages that run together say different numbers, the smallest.',
    },
    whenFull: {
      field: choice(['wait', 'stop']),
      default: '`wait`',
      fill: defaultParking.whenFull,
      doc: '`wait`: a task that holds so many takes no further records until there is room, and says so. `stop`: the application stops with `PARKED_FULL`, also if only one of the stages that run together says so. Nothing is lost or overtaken either way.',
    },
  },
});

const keys = {
  'dead-letter': {
    field: topic,
    doc: 'Topic for records that fail: raw bytes; stage, error and position in the headers.',
  },
  'park-by-key': {
    field: parkByKey,
    default: 'later records go on',
    doc: 'Later records of the key of a record that fails wait behind it, in their order.',
  },
  'halt-above': {
    field: haltAbove,
    default: 'never',
    doc: 'Stop instead when more than this share of at least so many records failed within the time.',
  },
  fail: { field: onlyTrue, doc: 'Stop at the first record that fails.' },
};

const group: Group<ErrorPolicyDef> = {
  keys,
  required: true,
  constraints: [
    { oneOf: [{ required: ['dead-letter'] }, { required: ['fail'] }] },
    { dependencies: { 'park-by-key': ['dead-letter'], 'halt-above': ['dead-letter'] } },
  ],
  read(entries, at, owner) {
    const chosen = exactlyOne(entries, ['dead-letter', 'fail'], at, owner);
    if (chosen === undefined) return undefined;
    if (chosen === 'fail') {
      for (const key of ['park-by-key', 'halt-above']) {
        if (!entries.has(key)) continue;
        const span = keySpan(entries, key, owner);
        at.error('E013', span, `"${key}" goes with "dead-letter", not with "fail"`);
      }
      return readKey(entries, 'fail', at, 'fail', onlyTrue) && { fail: true };
    }
    const deadLetter = readKey(entries, 'dead-letter', at, 'deadLetter', topic);
    const park = readKey(entries, 'park-by-key', at, 'parkByKey', parkByKey);
    const halt = readKey(entries, 'halt-above', at, 'haltAbove', haltAbove);
    if (deadLetter === undefined) return undefined;
    return {
      deadLetter,
      ...(park === undefined ? {} : { parkByKey: park }),
      ...(halt === undefined ? {} : { haltAbove: halt }),
    };
  },
};

/** `errors:` what becomes of a record that fails. */
export const errorPolicy = groupField({
  title: 'error policy',
  doc: 'What becomes of a record that does not decode or whose stage throws. Exactly one of `dead-letter` and `fail`. The policy of a stage is for what fails in the stage; what does not decode, or is refused for its time, fails in a source, so under the `default`.',
  example: `application: orders
streams:
  placed: { topic: orders.placed, key: string, value: shop.OrderPlaced }
  moved: { topic: stock.moved, key: string, value: shop.StockMoved }
stages:
  stock: { from: moved, to-table: { store: on-hand }, drop: [out] }
  large:
    from: placed
    filter: value.totalCents >= 10000
    drop: [out]
    errors: { dead-letter: large.dead-letters }   # nothing waits for what fails here
errors:
  default:
    dead-letter: orders.dead-letters
    park-by-key: { most: 5000, when-full: stop }  # nothing overtakes a record that failed
    halt-above: 5% of 100 per 1m
`,
  group,
});
