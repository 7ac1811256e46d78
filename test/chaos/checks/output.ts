import { canonicalText } from '../../../processors/canonical.ts';
import type { Evidence, LoggedRecord } from '../evidence.ts';
import { Findings } from '../finding.ts';
import type { Finding } from '../finding.ts';
import type { ModelRecord, Sequence, TaskModel } from '../model/records.ts';
import { deadLetterHeaders } from '../model/writer.ts';

/** Topics that tasks write records of the order system to: all but changelogs, control and trace. */
const outputTopics = [
  'orders.status',
  'orders.paid',
  'orders.dead-letters',
  'orders-reserve-take-repartition',
  'orders-reserve-release-repartition',
  'orders-reserve-settle-repartition',
  'orders-charge-repartition',
] as const;

/**
 * Every partition of every output topic holds what the models of the tasks wrote to it: all of it,
 * nothing else, and each task's records in its order. Tasks may alternate as they like.
 */
export function checkOutput(
  evidence: Evidence,
  models: ReadonlyMap<string, TaskModel>,
): readonly Finding[] {
  const findings = new Findings('output-equals-model');
  const expected = new Map<string, Sequence[]>();
  for (const model of models.values()) {
    for (const sequence of model.sequences()) {
      const [first] = sequence;
      if (first === undefined) continue;
      const place = `${first.topic}/${first.partition}`;
      const known = expected.get(place);
      if (known === undefined) expected.set(place, [sequence]);
      else known.push(sequence);
    }
  }
  for (const topic of outputTopics) {
    for (const [partition, records] of (evidence.topics.get(topic) ?? []).entries()) {
      const place = `${topic}/${partition}`;
      compare(place, records, expected.get(place) ?? [], evidence.decode, findings);
      expected.delete(place);
    }
  }
  for (const place of expected.keys()) findings.add(`${place}: is not there`);
  for (const [partition] of (evidence.topics.get('orders.paid') ?? []).entries()) {
    checkPaidOrder(evidence, partition, findings);
  }
  return findings.list();
}

/** Takes the records as an interleaving of the sequences. */
function compare(
  place: string,
  records: readonly LoggedRecord[],
  sequences: readonly Sequence[],
  decode: Evidence['decode'],
  findings: Findings,
): void {
  const heads = new Map<string, { readonly sequence: readonly string[]; next: number }[]>();
  const wait = (head: { readonly sequence: readonly string[]; next: number }): void => {
    const text = head.sequence[head.next];
    if (text === undefined) return;
    const others = heads.get(text);
    if (others === undefined) heads.set(text, [head]);
    else others.push(head);
  };
  for (const sequence of sequences) wait({ sequence: sequence.map(textOf), next: 0 });
  for (const record of records) {
    const text = loggedText(record, decode);
    const waiting = heads.get(text);
    const head = waiting?.shift();
    if (head === undefined) {
      findings.add(`${place}@${record.offset}: no task wrote this here: ${text}`);
      continue;
    }
    if (waiting?.length === 0) heads.delete(text);
    head.next += 1;
    wait(head);
  }
  for (const [text, waiting] of heads) {
    const missing = waiting.reduce((sum, { sequence, next }) => sum + sequence.length - next, 0);
    findings.add(`${place}: ${missing} records are missing, the first: ${text}`);
  }
}

/** A charge task writes `orders.paid` and its status in one breath: both topics have its orders in one order. */
function checkPaidOrder({ topics, decode }: Evidence, partition: number, findings: Findings): void {
  const paid = (topics.get('orders.paid')?.[partition] ?? []).map(({ key }) => String(key));
  const status = (topics.get('orders.status')?.[partition] ?? [])
    .filter(({ value }) => (decode(value) as { state: string }).state === 'PAID')
    .map(({ key }) => String(key));
  const differs = paid.findIndex((key, i) => status[i] !== key);
  if (differs >= 0 || status.length !== paid.length) {
    findings.add(`orders.paid/${partition} and orders.status/${partition} differ at ${differs}`);
  }
}

function textOf({ key, value, time, headers }: ModelRecord): string {
  return canonicalText({ key, value, time, headers });
}

function loggedText(record: LoggedRecord, decode: Evidence['decode']): string {
  const { topic, key, value, time, headers } = record;
  if (topic === 'orders.dead-letters') {
    const known = deadLetterHeaders.map(
      (name) => [name, headers.find((header) => header[0] === name)?.[1] ?? ''] as const,
    );
    const raw = { key: key?.toString('hex') ?? '', value: value?.toString('hex') ?? '' };
    return canonicalText({ ...raw, time, headers: known });
  }
  const text = key === null ? null : key.toString('utf8');
  const known = headers.filter(([name]) => name !== whyUnknown);
  return canonicalText({ key: text, value: decode(value), time, headers: known });
}

/** Says in words why a call ended unknown: texts of errors are not the model's business. */
const whyUnknown = '__streams.call.unknown';
