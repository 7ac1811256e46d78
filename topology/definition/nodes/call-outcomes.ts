import { setOwn } from '../collections.ts';
import type { CallOperatorDef, OutcomeDef, UnknownDef } from '../definition.ts';
import { expression } from '../expression-field.ts';
import type { Field } from '../field.ts';
import { duration, integer, name, ref, wrongKind } from '../fields.ts';
import { exactlyOne, keySpan, readKey } from '../group.ts';
import type { Entries, Group, Parts } from '../object.ts';
import { object } from '../object.ts';
import type { Place } from '../place.ts';
import type { Written, WrittenMap } from '../written.ts';
import { valueField } from './functions.ts';

type Outcomes = Pick<CallOperatorDef, 'match' | 'outcomes' | 'unknown'>;

const common: Pick<Parts<OutcomeDef>, 'map' | 'compensates'> = {
  map: {
    field: valueField,
    default: 'the value stays',
    doc: 'The value of the output, over `key`, `value` and `reply`.',
  },
  compensates: {
    field: ref,
    doc: '`stage.output` whose effect this outcome undoes: the only edge that may close a cycle.',
  },
};

const outcome = object<OutcomeDef>({
  title: 'outcome',
  doc: 'Where a record goes for one answer. It is the input of the stage, unless there is a `map`.',
  parts: { out: { field: name, required: true, doc: 'Name of the output.' }, ...common },
});

/** `out`, or `then` of a call that parks. */
const output: Group<string> = {
  keys: {
    out: { field: name, doc: 'Name of the output, where the call does not park.' },
    // oxlint-disable-next-line unicorn/no-thenable -- a key of the language, no function
    then: { field: name, doc: 'Name of the output after the last time it was asked again.' },
  },
  required: true,
  constraints: [
    { oneOf: [{ required: ['out'] }, { required: ['then'] }] },
    // oxlint-disable-next-line unicorn/no-thenable -- as above
    { dependencies: { then: ['park'], park: ['times', 'then'], times: ['park'] } },
  ],
  read(entries, at, owner) {
    const chosen = exactlyOne(entries, ['out', 'then'], at, owner);
    if (chosen === undefined) return undefined;
    const parks = entries.has('park');
    if (chosen === 'out' && parks) {
      const span = keySpan(entries, 'out', owner);
      at.error('E013', span, 'a call that parks says "then" where it goes afterwards, not "out"');
    } else if (chosen === 'then' && !parks) {
      const span = keySpan(entries, 'then', owner);
      at.error('E013', span, '"then" goes with "park": write "out"');
    }
    return readKey(entries, chosen, at, chosen, name);
  },
};

const park: Group<NonNullable<UnknownDef['park']>> = {
  keys: {
    park: {
      field: duration(),
      default: 'the outcome at once',
      doc: 'Wait so long, then ask again with the same key. Meanwhile later requests of the record’s key wait; a restart does not shorten it.',
    },
    times: { field: integer(1), doc: 'Ask again so many times at most.' },
  },
  required: false,
  read(entries, at, owner) {
    const afterMs = readKey(entries, 'park', at, 'afterMs', duration());
    const times = readKey(entries, 'times', at, 'times', integer(1));
    reportHalf(entries, at, owner);
    return afterMs === undefined || times === undefined ? undefined : { afterMs, times };
  },
};

function reportHalf(entries: Entries, at: Place, owner: Written): void {
  if (entries.has('park') && !entries.has('times')) {
    const span = keySpan(entries, 'park', owner);
    at.error('E006', span, 'missing key "times": how often it is asked again');
  }
  if (entries.has('times') && !entries.has('park')) {
    at.error('E013', keySpan(entries, 'times', owner), '"times" goes with "park"');
  }
}

const unknownOutcome = object<UnknownDef>({
  title: 'unknown outcome',
  doc: 'Where a record goes whose outcome cannot be known: money may have moved, so it is no failure.',
  parts: { out: output, park, ...common },
});

const symbolPattern = /^[A-Za-z_]\w*$/;

/**
 * `outcomes:` fills three properties of the operator, so it is read at the operator's own place.
 */
export const outcomesField: Field<Outcomes> = {
  read(node, at) {
    if (node.kind !== 'map') return wrongKind(node, at, 'a map from answers to outcomes');
    const entry = (key: string) => node.entries.find((one) => one.key.text === key);
    const missing = ['match', 'unknown'].filter((key) => entry(key) === undefined);
    for (const key of missing) at.error('E006', at.ownerSpan(node), `missing key "${key}"`);
    const match = readPart(entry('match'), at, 'match', expression);
    const unknown = readPart(entry('unknown'), at, 'unknown', unknownOutcome);
    const symbols = readSymbols(node, at.child('outcomes'));
    if (match === undefined || unknown === undefined) return undefined;
    return { match, outcomes: symbols, unknown };
  },
  schema: {
    type: 'object',
    required: ['match', 'unknown'],
    properties: {
      match: {
        description: 'Expression over `reply` that picks the outcome.',
        ...expression.schema,
      },
      unknown: unknownOutcome.schema,
    },
    propertyNames: { pattern: symbolPattern.source },
    additionalProperties: outcome.schema,
  },
  type: 'map: `match`, `unknown`, and an outcome for each value of `match`',
  tables: [...outcome.tables, ...unknownOutcome.tables],
};

function readPart<V>(
  entry: WrittenMap['entries'][number] | undefined,
  at: Place,
  step: string,
  field: Field<V>,
): V | undefined {
  if (entry === undefined) return undefined;
  const place = at.child(step, entry.key);
  place.mark(entry.value);
  return field.read(entry.value, place);
}

function readSymbols(node: WrittenMap, at: Place): Readonly<Record<string, OutcomeDef>> {
  at.mark(node);
  const found: Record<string, OutcomeDef> = {};
  for (const { key, value } of node.entries) {
    if (key.text === 'match' || key.text === 'unknown') continue;
    const place = at.child(key.text, key);
    if (!symbolPattern.test(key.text)) {
      place.error('E009', key.span, `"${key.text}" is no symbol of an Avro enum`);
    }
    place.mark(value);
    const read = outcome.read(value, place);
    if (read === undefined) place.leaveOut(value);
    else setOwn(found, key.text, read);
  }
  return found;
}
