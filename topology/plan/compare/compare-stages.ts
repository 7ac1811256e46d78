import type { Json } from '../comparable-plan.ts';
import { byAuthor, type Comparison, isSame, type Named } from './comparison.ts';
import { type Difference, otherReplay, rowsStay } from './difference.ts';
import type { NodeManifest } from './manifest.ts';

type Change = Omit<Difference, 'subject'>;
type Form = NodeManifest['form'];

/** What became of each stage, stream and table that the author wrote. */
export function compareStages(both: Comparison): Difference[] {
  const [old, next] = [byAuthor(both.old), byAuthor(both.next)];
  const found: Difference[] = [];
  const names = new Set(both.renamed.values());
  for (const [name, nodes] of next) {
    const before = old.get(name);
    const subject = { kind: kindOf(nodes), name };
    if (before !== undefined) {
      found.push(...changes(both, before, nodes).map((change) => ({ subject, ...change })));
    } else if (!names.has(name)) {
      const change = withOutputs('it is new', nodes, 'writes');
      found.push({ verdict: 'rolling', subject, change, cost: fromNow });
    }
  }
  for (const [name, nodes] of old) {
    if (next.has(name)) continue;
    const subject = { kind: kindOf(nodes), name };
    found.push({ subject, ...removed(both, name, nodes) });
  }
  return found;
}

function kindOf(nodes: readonly Named[]): 'source' | 'stage' {
  return nodes.some(({ kind }) => kind === 'source') ? 'source' : 'stage';
}

function removed(both: Comparison, name: string, nodes: readonly Named[]): Change {
  const after = both.renamed.get(name);
  if (after !== undefined) {
    const cost = 'its state belongs to the old name: keep that';
    return { verdict: 'forbidden', change: `it looks as if it were called "${after}" now`, cost };
  }
  const drains = lostTopics(both, nodes);
  const change = withOutputs('it is gone', nodes, 'does not write');
  if (drains.length === 0) return { verdict: 'rolling', change };
  return { verdict: 'drain', change, drains, orphans: drains };
}

/** What became of a stage, with the outputs that came or went with it: they may be another's now, or have been. */
function withOutputs(change: string, nodes: readonly Named[], writes: string): string {
  const outputs = nodes.filter(isOutput).map(written);
  if (outputs.length === 0) return change;
  return `${change}, and ${writes} ${outputs.join(' and ')}${writes === 'writes' ? '' : ' any more'}`;
}

/** Repartition topics in front of a stage that the new version does not have. */
function lostTopics({ old, next }: Comparison, nodes: readonly Named[]): readonly string[] {
  const topics = nodes.filter(({ kind, internal }) => kind === 'sink' && internal);
  return topics
    .map(({ form }) => textOf(form['topic']))
    .filter((topic) => old.topics[topic] !== undefined && next.topics[topic] === undefined);
}

function changes(both: Comparison, before: readonly Named[], after: readonly Named[]): Change[] {
  const found: Change[] = [];
  const drains = lostTopics(both, before);
  if (drains.length > 0) {
    const change = 'its input does not go through a repartition topic any more';
    found.push({ verdict: 'drain', change, drains, orphans: drains });
  }
  const gone = before.filter(isOutput).filter(({ name }) => !find(after, name));
  for (const sink of gone) {
    found.push({ verdict: 'rolling', change: `it does not write ${written(sink)} any more` });
  }
  const added = after.filter(isOutput).filter(({ name }) => !find(before, name));
  for (const sink of added) {
    found.push({ verdict: 'rolling', change: `it also writes ${written(sink)}`, cost: fromNow });
  }
  const logic = new Set<string>();
  for (const node of after) {
    const old = find(before, node.name);
    if (old === undefined) {
      if (!isOutput(node)) logic.add('inputs');
      continue;
    }
    const harm = [...keyChanges(both, old, node), ...stateChanges(both, old, node)];
    found.push(...harm);
    // What makes the state useless need not be said twice.
    if (harm.length === 0) for (const what of formChanges(old, node)) logic.add(what);
  }
  if (before.some(({ name, kind }) => kind === 'stage' && !find(after, name))) logic.add('inputs');
  if (found.some(({ verdict }) => verdict === 'rebuild')) logic.delete('key');
  const kept = after.flatMap(({ stores }) => stores).some((it) => both.old.stores[it]);
  return [...found, ...logicChanges(logic, kept)];
}

const fromNow = 'from now on';

function find(nodes: readonly Named[], name: string): Named | undefined {
  return nodes.find((node) => node.name === name);
}

function isOutput({ kind, internal }: Named): boolean {
  return kind === 'sink' && !internal;
}

function written({ form }: Named): string {
  return form['topic'] === undefined ? 'to topics by choice' : `to "${textOf(form['topic'])}"`;
}

/** State is found by the keys of the records: another way to make them makes another state. */
function keyChanges({ next }: Comparison, before: Named, after: Named): Change[] {
  const kept = before.stores.filter((store) => next.stores[store] !== undefined);
  if (kept.length === 0) return [];
  return Object.entries(before.keys ?? {}).flatMap(([port, origins]): Change[] => {
    const now = after.keys?.[port];
    if (now === undefined || origins.every((origin) => now.includes(origin))) return [];
    const of = port === 'dedupe' ? 'what tells repeats' : `the key of input "${port}"`;
    return [
      {
        verdict: 'rebuild',
        change: `${of} is ${now.join(', ')} instead of ${origins.join(', ')}`,
        cost: `the rows of ${kept.map((store) => `"${store}"`).join(', ')} lie under the old one`,
      },
    ];
  });
}

/** Operators that keep rows which only the operator that wrote them can go on with. */
function stateChanges({ next }: Comparison, before: Named, after: Named): Change[] {
  const kept = before.stores.filter((store) => next.stores[store] !== undefined);
  const [from, to] = [operatorOf(before), operatorOf(after)];
  if (from === undefined || to === undefined || kept.length === 0) return [];
  if (from['kind'] !== to['kind']) {
    const change = `it is a ${textOf(to['kind'])} instead of a ${textOf(from['kind'])}`;
    return [
      { verdict: 'rebuild', change, cost: `the rows of ${kept.join(', ')} are the old one's` },
    ];
  }
  const subtracts = from['subtract'] !== undefined && to['subtract'] !== undefined;
  if (
    subtracts &&
    !isSame(
      [from['add'] ?? null, from['subtract'] ?? null],
      [to['add'] ?? null, to['subtract'] ?? null],
    )
  ) {
    const cost = 'what the old one added would be taken away by the new one';
    return [{ verdict: 'rebuild', change: 'it adds and subtracts in another way', cost }];
  }
  return [];
}

function operatorOf({ form }: Named): Form | undefined {
  return form['operator'] as Form | undefined;
}

/** Settings of a call that say how, not what. */
const policies: ReadonlySet<string> = new Set([
  'timeoutMs',
  'retry',
  'breaker',
  'concurrency',
  'logRetentionMs',
]);
/** Parts of a node that topics, stores and schemas are compared by. */
const elsewhere: ReadonlySet<string> = new Set([
  'name',
  'stage',
  'type',
  'inputType',
  'inputTypes',
  'store',
  'changes',
  'sendOld',
  'dropNullKeys',
  'retentionMs',
]);

/** What of a node is not as it was, in the words of the file. */
function formChanges(before: Named, after: Named): string[] {
  const [from, to] = [operatorOf(before) ?? {}, operatorOf(after) ?? {}];
  const parts = [
    ...differing(without(before.form, 'operator'), without(after.form, 'operator')),
    ...differing(from, to),
  ];
  return parts.map((part) => kebab(part));
}

function without(form: Form, name: string): Form {
  return Object.fromEntries(Object.entries(form).filter(([key]) => key !== name));
}

function differing(before: Form, after: Form): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter(
    (name) => !elsewhere.has(name) && !isSame(comparable(name, before), comparable(name, after)),
  );
}

/** Of outputs only their names count here: their types are those of topics, stores or schemas. */
function comparable(name: string, form: Form): Json | undefined {
  const part = form[name];
  return name === 'outputs' && part !== undefined ? Object.keys(part as Form) : part;
}

function textOf(part: Json | undefined): string {
  return typeof part === 'string' ? part : JSON.stringify(part);
}

function kebab(name: string): string {
  if (name === 'by') return 'key';
  return name.replace(/Ms$/, '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `kept`: the stage has rows that the old version wrote. */
function logicChanges(logic: ReadonlySet<string>, kept: boolean): Change[] {
  const [how, what] = [[] as string[], [] as string[]];
  for (const part of logic) (policyNames.has(part) ? how : what).push(part);
  return [
    ...(what.length === 0
      ? []
      : [
          {
            verdict: 'rolling' as const,
            change: `its ${what.sort().join(', ')} changed`,
            cost: kept ? `${rowsStay}; ${otherReplay}` : otherReplay,
          },
        ]),
    ...(how.length === 0
      ? []
      : [{ verdict: 'rolling' as const, change: `its ${how.sort().join(', ')} changed` }]),
  ];
}

const policyNames: ReadonlySet<string> = new Set([...[...policies].map(kebab), 'errors']);
