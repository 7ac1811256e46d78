import { durationText } from '../../core/duration.ts';
import type { Comparison } from './comparison.ts';
import type { Difference } from './difference.ts';
import type { Manifest, TopicManifest } from './manifest.ts';

type Change = Omit<Difference, 'subject'>;

/** What became of the topics that both versions have: schemas, formats, settings. */
export function compareTopics(both: Comparison): Difference[] {
  const { old, next } = both;
  const read = topicsRead(old);
  const found: Difference[] = [];
  for (const [name, after] of Object.entries(next.topics)) {
    const before = old.topics[name];
    // Rows of changelogs are compared as stores.
    if (before === undefined || after.role === 'changelog') continue;
    const changes = [
      ...typeChanges(both, name, { before, after, read: read.has(name) }),
      ...subjectChanges(before, after),
      ...settingChanges(before, after, read.has(name)),
    ];
    const subject = { kind: 'topic', name } as const;
    found.push(...changes.map((rest) => ({ subject, ...rest })));
  }
  return found;
}

function topicsRead(manifest: Manifest): ReadonlySet<string> {
  const stores = Object.values(manifest.stores).filter((store) => store.global);
  const sources = Object.values(manifest.subTopologies).flatMap((sub) => sub.sourceTopics);
  return new Set([...sources, ...stores.map((store) => store.changelog)]);
}

function typeChanges(
  both: Comparison,
  name: string,
  topic: { readonly before: TopicManifest; readonly after: TopicManifest; readonly read: boolean },
): Change[] {
  const { before, after, read } = topic;
  const found: Change[] = [];
  for (const part of ['key', 'value'] as const) {
    const [from, to] = [before[part], after[part]];
    if (from === undefined || to === undefined || from === to) continue;
    const is = both.schemaName(from) === both.schemaName(to) ? 'of another version' : 'another one';
    const change = `its ${part}s are ${both.schemaName(to)}, ${is}`;
    if (part === 'value' && before.format === 'json' && after.format === 'json') {
      found.push({ verdict: 'rolling', change, cost: read ? asItIs : bothVersions });
      continue;
    }
    const fit = part === 'key' ? both.stored(from, to) : both.schemas(from, to);
    if (read) found.push(readChange(name, { change, fit, before }));
    else if (part === 'key' && fit === 'no') found.push({ verdict: 'drain', change, cost: mixed });
    else found.push(written(change));
  }
  if (before.format !== after.format) {
    const change = `its format is ${after.format ?? 'none'} instead of ${before.format ?? 'none'}`;
    found.push(read ? drained(change, name) : written(change));
  }
  return found;
}

/** No schema is asked when JSON is read: the stages get what it says. */
const asItIs =
  'JSON is read as it is: records that are there may lack what the new version expects';
const bothVersions = 'who reads it must understand both';
const mixed = 'who reads it cannot read both, so both versions must not write it at a time';

function readChange(
  name: string,
  edit: {
    readonly change: string;
    readonly fit: ReturnType<Comparison['schemas']>;
    readonly before: TopicManifest;
  },
): Change {
  const { change, fit, before } = edit;
  switch (fit) {
    case 'no':
      return drained(change, name);
    case 'reads':
      // Others write to an outer topic, and what they write is no matter of this application.
      return before.role === 'repartition'
        ? {
            verdict: 'drain',
            change,
            cost: 'the old version does not read what the new one writes',
          }
        : { verdict: 'rolling', change, cost: 'the new version reads what is there' };
    default:
      return { verdict: 'rolling', change, cost: 'each version reads what the other wrote' };
  }
}

function drained(change: string, name: string): Change {
  const cost = 'the new version does not read what lies there';
  return { verdict: 'drain', change, cost, drains: [name] };
}

function written(change: string): Change {
  return { verdict: 'rolling', change, cost: bothVersions };
}

/** Records are read by their ids, whatever the subject. */
const otherHistory =
  'what is there is read as before, by its ids; what may be written is judged by the mode and the versions of that ' +
  'subject from now on';
const otherKeys = `${otherHistory}; keys that get another id there are other bytes: another partition, and compaction keeps both`;

function subjectChanges(before: TopicManifest, after: TopicManifest): Change[] {
  const found: Change[] = [];
  for (const [part, setting] of [
    ['key', 'keySubject'],
    ['value', 'subject'],
  ] as const) {
    const { [setting]: from = 'topic' } = before;
    const { [setting]: to = 'topic' } = after;
    if (from === to) continue;
    const change = `the subject of its ${part}s is called by ${to} instead of by ${from}`;
    found.push({ verdict: 'rolling', change, cost: part === 'key' ? otherKeys : otherHistory });
  }
  return found;
}

function settingChanges(before: TopicManifest, after: TopicManifest, read: boolean): Change[] {
  const found: Change[] = [];
  const cost = 'the topic keeps the settings that it was created with';
  if (before.cleanup !== after.cleanup) {
    const change = `its clean-up policy is "${after.cleanup}" instead of "${before.cleanup}"`;
    found.push({ verdict: 'rolling', change, cost });
  }
  if (before.retention !== after.retention) {
    const change = `it keeps records ${kept(after.retention)} instead of ${kept(before.retention)}`;
    found.push({ verdict: 'rolling', change, cost });
  }
  // Where it is read, the tasks have another number of partitions, and that is the news.
  // A call log serves however many it has.
  if (before.partitions !== after.partitions && !read && after.role !== 'call-log') {
    const change = `it is to have ${after.partitions} partitions instead of ${before.partitions}`;
    found.push({ verdict: 'rolling', change, cost: 'keys lie in other partitions from now on' });
  }
  if (before.role !== after.role) {
    found.push({ verdict: 'rolling', change: `it is a ${after.role} topic, not ${before.role}` });
  }
  return found;
}

function kept(retention: number | 'forever'): string {
  return retention === 'forever' ? 'for ever' : `for ${durationText(retention)}`;
}
