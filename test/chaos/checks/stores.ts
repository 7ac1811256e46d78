import { canonicalText } from '../../../processors/canonical.ts';
import { keepHeader } from '../../../runtime/state/row-format.ts';
import type { Evidence, LoggedRecord, Row, Rows } from '../evidence.ts';
import { Findings } from '../finding.ts';
import type { Finding } from '../finding.ts';
import type { ModelRow, TaskModel } from '../model/records.ts';

/** The rows that a changelog describes. */
export function foldChangelog(records: readonly LoggedRecord[]): Map<string, Row> {
  const rows = new Map<string, Row>();
  for (const { key, value, time, headers } of records) {
    const id = key?.toString('hex') ?? '';
    if (value === null) rows.delete(id);
    else rows.set(id, { value, time, keep: headers.some(([name]) => name === keepHeader) });
  }
  return rows;
}

/** Every store on disk equals the fold of its changelog, byte for byte. */
export function checkStoresAgainstChangelogs({
  plan,
  topics,
  stores,
}: Evidence): readonly Finding[] {
  const findings = new Findings('store-equals-changelog');
  for (const { name, changelog } of plan.stores.values()) {
    for (const [partition, records] of (topics.get(changelog) ?? []).entries()) {
      const place = `${name}/${partition}`;
      const texts = (rows: Rows): ReadonlyMap<string, string> =>
        new Map([...rows].map(([key, row]) => [key, rowText(row.value.toString('hex'), row)]));
      const fold = texts(foldChangelog(records));
      compareRows(place, fold, texts(stores.get(place) ?? new Map()), findings);
    }
  }
  return findings.list();
}

/** Every store on disk equals the one of the reference model. */
export function checkStoresAgainstModel(
  evidence: Evidence,
  models: ReadonlyMap<string, TaskModel>,
): readonly Finding[] {
  const findings = new Findings('store-equals-model');
  for (const model of models.values()) {
    for (const [place, expected] of model.stores()) {
      const store = place.slice(0, place.indexOf('/'));
      const actual = new Map<string, string>();
      for (const [key, row] of evidence.stores.get(place) ?? []) {
        const bytes = Buffer.from(key, 'hex');
        const name = store === 'stock' ? canonicalText(evidence.decode(bytes)) : String(bytes);
        actual.set(name, rowText(valueText(row.value, evidence), row));
      }
      const texts = [...expected].map(([key, row]) => [key, rowText(row.value, row)] as const);
      compareRows(place, new Map(texts), actual, findings);
    }
  }
  return findings.list();
}

/** Digests of `dedupe` and rows of the call journal have no schema: their bytes stand for themselves. */
function valueText(value: Buffer, evidence: Evidence): string {
  if (value.length === 16) return value.toString('hex');
  try {
    return canonicalText(evidence.decode(value));
  } catch {
    return value.toString('hex');
  }
}

function rowText(value: string, { time, keep }: Pick<ModelRow, 'time' | 'keep'>): string {
  return `${value} at ${time}${keep ? ', kept' : ''}`;
}

function compareRows(
  place: string,
  expected: ReadonlyMap<string, string>,
  actual: ReadonlyMap<string, string>,
  findings: Findings,
): void {
  for (const [key, text] of expected) {
    const is = actual.get(key);
    if (is !== text) findings.add(`${place}: ${key} is ${is ?? 'missing'}, expected ${text}`);
  }
  for (const [key, text] of actual) {
    if (!expected.has(key)) findings.add(`${place}: ${key} should not be there: ${text}`);
  }
}
