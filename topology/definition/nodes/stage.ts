import { listOf } from '../collections.ts';
import type { OperatorDef, StageDef } from '../definition.ts';
import type { JsonSchema } from '../field.ts';
import { name, text } from '../fields.ts';
import type { Entries, Group, GroupKey } from '../object.ts';
import { object } from '../object.ts';
import type { Place } from '../place.ts';
import type { Written } from '../written.ts';
import { errorPolicy } from './errors.ts';
import { inputsGroup } from './inputs.ts';
import type { OperatorTable } from './operator.ts';
import { laterStageKeys, operators } from './operators.ts';
import { outputsField } from './outputs.ts';
import { sinksField } from './sinks.ts';

const pass: OperatorDef = { kind: 'pass' };

const besideKeys: Readonly<Record<string, GroupKey>> = Object.assign(
  {},
  ...operators.map((operator) => operator.beside),
);

/** Key beside an operator → the operators that have it. */
const owners: ReadonlyMap<string, readonly OperatorTable[]> = new Map(
  Object.keys(besideKeys).map((key) => [key, operators.filter((one) => key in one.beside)]),
);

const operatorGroup: Group<OperatorDef> = {
  keys: {
    ...Object.fromEntries(operators.map(({ kind, main }) => [kind, main])),
    ...besideKeys,
  },
  required: true,
  constraints: constraints(),
  read(entries, at, owner) {
    const [first, second] = operators
      .filter((operator) => entries.has(operator.kind))
      .sort((a, b) => startOf(entries, a.kind) - startOf(entries, b.kind));
    if (second !== undefined && first !== undefined)
      return reportSecond(first, second, entries, at);
    checkOwners(first, entries, at);
    if (first !== undefined) return first.read(entries, at, owner);
    return readPass(entries, at, owner);
  },
};

function startOf(entries: Entries, key: string): number {
  return entries.get(key)?.key.span[0] ?? 0;
}

function reportSecond(
  first: OperatorTable,
  second: OperatorTable,
  entries: Entries,
  at: Place,
): undefined {
  const span = entries.get(second.kind)?.key.span ?? [0, 0];
  const firstSpan = entries.get(first.kind)?.key.span ?? [0, 0];
  at.error('E013', span, `a second operator, "${second.kind}": a stage has one`, {
    notes: [
      { message: `"${first.kind}" is here`, span: firstSpan },
      { message: 'make a stage of each and connect them by "from"' },
    ],
  });
  return undefined;
}

/** Keys that belong to an operator which is not there. */
function checkOwners(operator: OperatorTable | undefined, entries: Entries, at: Place): void {
  for (const [key, tables] of owners) {
    const entry = entries.get(key);
    if (entry === undefined || (operator !== undefined && tables.includes(operator))) continue;
    const kinds = tables.map(({ kind }) => `"${kind}"`).join(', ');
    const which = operator === undefined ? '' : `, not to "${operator.kind}"`;
    at.error('E040', entry.key.span, `"${key}" belongs to ${kinds}${which}`);
  }
}

/**
 * A stage without operator key merges, re-keys or fans out; then it must say more than one `from`.
 */
function readPass(entries: Entries, at: Place, owner: Written): OperatorDef | undefined {
  at.mark(owner);
  at.child('kind').mark(owner);
  const from = entries.get('from')?.value;
  const merges = from?.kind === 'list' && from.items.length > 1;
  if (entries.has('to') || entries.has('key') || merges) return pass;
  const known = [stageKeys, operatorGroup.keys, inputsGroup.keys].flatMap(Object.keys);
  known.push('out');
  // An unknown or later key is probably the operator, and is reported already.
  const explained = [...entries.keys()].some((key) => !known.includes(key) || owners.has(key));
  if (explained) return undefined;
  at.error('E014', at.ownerSpan(owner), `stage "${at.key?.text}" does nothing`, {
    suggestion: 'give it an operator, such as "filter", or "to"',
  });
  // Kept, so that what else is wrong with it is found.
  return pass;
}

function constraints(): JsonSchema[] {
  const kinds = operators.map(({ kind }) => ({ required: [kind] }));
  const plain: JsonSchema = {
    not: { anyOf: kinds },
    anyOf: [
      { required: ['to'] },
      { required: ['key'] },
      { properties: { from: { type: 'array', minItems: 2 } } },
    ],
  };
  const belongs = [...owners].map(([key, tables]) => ({
    dependencies: { [key]: { anyOf: tables.map(({ kind }) => ({ required: [kind] })) } },
  }));
  const own = new Map(
    operators.flatMap((one) => one.constraints).map((each) => [JSON.stringify(each), each]),
  );
  return [{ oneOf: [...kinds, plain] }, ...belongs, ...own.values()];
}

const stageKeys = {
  doc: { field: text, doc: 'What it does, for people.' },
  to: { field: sinksField, doc: 'Where its records are written to.' },
  drop: {
    field: listOf(name, 'outputs'),
    doc: 'Outputs that nothing consumes, on purpose. The only output of an operator is `out`.',
  },
  errors: {
    field: errorPolicy,
    default: 'the `default` of `errors:`',
    doc: 'What becomes of a record that fails here.',
  },
};

/** `stages:` one step of the topology. */
export const stageTable = object<StageDef>({
  title: 'stage',
  doc:
    'One step: where it reads from, at most one operator, and where its records go. ' +
    'Without operator it merges (`from: [a, b]`), re-keys (`key`) or fans out (`to`).',
  example: `application: orders
streams:
  web: { topic: web.orders, key: string, value: shop.OrderPlaced }
  shop: { topic: shop.orders, key: string, value: shop.OrderPlaced }
  large: { topic: orders.large, key: string, value: shop.OrderPlaced }
  spent: { topic: orders.spent, key: string, value: shop.Spent }
stages:
  all: { doc: Both ways to order., from: [web, shop], drop: [out] }
  only-large:
    from: all
    key: value.customerId
    filter: value.totalCents >= 10000
    to:
      - large
      - spent: { as: shop.Spent, set: { customerId: key, cents: value.totalCents } }
    errors: { fail: true }
  by-size:
    from: all
    to: { by: 'value.totalCents >= 10000 ? "large" : "web"', among: [large, web] }
`,
  later: laterStageKeys,
  parts: {
    inputs: inputsGroup,
    operator: operatorGroup,
    outputs: {
      key: 'out',
      field: outputsField,
      doc: 'For `process`: its outputs with their types. Otherwise: names of the outputs that are used.',
    },
    ...stageKeys,
  },
});
