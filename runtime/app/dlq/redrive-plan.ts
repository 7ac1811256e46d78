import type { TopicPartition } from '../../../topology/core/topic-partition.ts';
import type { Plan } from '../../../topology/plan/plan.ts';
import type { LetterOrigin } from '../../task/dead-letter.ts';
import { journalStore } from '../../task/call-journals.ts';
import { type DeadLetter, keyOf } from './letter.ts';
import { type RedrivenById, redrivenOf } from './redriven.ts';

/** What becomes of a letter that is to be sent on. */
export type LetterStep =
  /** Its record goes to the topic that it came from, once more. */
  | { readonly kind: 'send'; readonly letter: DeadLetter; readonly to: TopicPartition }
  /** Its call goes back into the journal, which is that changelog. */
  | {
      readonly kind: 'ask';
      readonly letter: DeadLetter;
      readonly to: TopicPartition;
      readonly stage: string;
      readonly intent: Uint8Array;
    }
  | LetterStays;

/** A letter that is not sent on. */
export interface LetterStays {
  readonly kind: 'stays';
  readonly letter: DeadLetter;
  readonly reason: string;
  /** Later letters of its key stay behind it, so that their order is kept. */
  readonly blocks: boolean;
}

/** What is known before letters are judged. */
export interface RedriveFacts {
  readonly plan: Plan;
  readonly redriven: RedrivenById;
  /** Partitions of a topic of the log; undefined: it is not there. */
  readonly partitionsOf: (topic: string) => number | undefined;
  /** Records that a stage set aside are sent, too. */
  readonly rejected: boolean;
  /** A value is made anew by a function. */
  readonly migrates: boolean;
  /** Why calls cannot be asked again; undefined: they can. */
  readonly noCalls: string | undefined;
  /** True when a later record of the letter's key is in its topic. */
  readonly outdated: (letter: DeadLetter) => boolean;
}

/**
 * What becomes of selected letters, in the order in which they are to be sent: that of their records in the source topics. Letters that were sent on before are
 * left out. `all` are all letters of the application, selected or not.
 */
export function redriveSteps(
  all: readonly DeadLetter[],
  selected: readonly DeadLetter[],
  facts: RedriveFacts,
): readonly LetterStep[] {
  const latest = latestOfRecords(all);
  return selected
    .filter((letter) => redrivenOf(letter, facts.redriven) === undefined)
    .sort(bySource)
    .map((letter) => stepFor(letter, latest, facts));
}

/** Of steps, those that keep the order of each key: what comes after a letter that blocks stays. Records without a key have no order. */
export class KeyOrder {
  private readonly blocked = new Map<string, DeadLetter>();

  /** The step, or why it has to wait for an earlier letter. */
  after(step: LetterStep): LetterStep {
    const { letter } = step;
    if (letter.key === null) return step;
    const before = this.blocked.get(keyOf(letter));
    if (before !== undefined && step.kind !== 'stays') {
      return stays(letter, `${before.id}, of the same key, stays and comes before it`, true);
    }
    if (step.kind === 'stays' && step.blocks) this.blocked.set(keyOf(letter), letter);
    return step;
  }
}

/** How many of the letters that are left come before one of their key that is sent. */
export function overtakenBy(steps: readonly LetterStep[], left: readonly DeadLetter[]): number {
  const last = new Map<string, DeadLetter>();
  for (const { kind, letter } of steps) if (kind !== 'stays') last.set(keyOf(letter), letter);
  return left.filter((letter) => {
    const sent = last.get(keyOf(letter));
    return letter.key !== null && sent !== undefined && bySource(letter, sent) < 0;
  }).length;
}

function bySource(a: DeadLetter, b: DeadLetter): number {
  const [one, other] = [a.source ?? a, b.source ?? b];
  if (one.topic !== other.topic) return one.topic < other.topic ? -1 : 1;
  return one.partition - other.partition || one.offset - other.offset || a.offset - b.offset;
}

/** Input record → its latest letter: a reset makes letters anew, which stand beside those of before. */
function latestOfRecords(letters: readonly DeadLetter[]): ReadonlyMap<string, DeadLetter> {
  const latest = new Map<string, DeadLetter>();
  for (const letter of letters) {
    if ((letter.origin ?? 'record') === 'record') latest.set(sourceId(letter), letter);
  }
  return latest;
}

function sourceId({ source }: DeadLetter): string {
  return source === undefined ? '' : `${source.topic}/${source.partition}/${source.offset}`;
}

function stepFor(
  letter: DeadLetter,
  latest: ReadonlyMap<string, DeadLetter>,
  facts: RedriveFacts,
): LetterStep {
  const origin = originOf(letter, facts.plan);
  if (origin === undefined) {
    const reason = 'an earlier version wrote it and did not say whether it is of a reply to a call';
    return stays(letter, reason, true);
  }
  switch (origin) {
    case 'punctuation':
      return stays(letter, 'no record failed, but a punctuation, which fires again by itself');
    case 'derived':
      return stays(letter, 'a stage made this record: no topic has it, and no stage takes it');
    case 'reply':
      return askAgain(letter, facts);
    case 'rejected-reply':
      return facts.rejected ? askAgain(letter, facts) : setAside(letter);
    case 'rejected':
      return facts.rejected ? sendAgain(letter, facts) : setAside(letter);
    case 'record': {
      const last = latest.get(sourceId(letter));
      if (last === undefined || last.id === letter.id) return sendAgain(letter, facts);
      return stays(letter, `${last.id} is a later letter of the same record`);
    }
  }
}

/** What an earlier version did not say, as far as it can be known. */
function originOf(letter: DeadLetter, plan: Plan): LetterOrigin | undefined {
  if (letter.origin !== undefined) return letter.origin;
  if (letter.source === undefined) return 'punctuation';
  if (plan.calls.size > 0) return undefined;
  return letter.code === 'RECORD_REJECTED' ? 'rejected' : 'record';
}

function setAside(letter: DeadLetter): LetterStep {
  const reason = `stage "${letter.stage}" set it aside, and what else its record caused stands: --rejected sends it all the same`;
  return stays(letter, reason);
}

function sendAgain(letter: DeadLetter, facts: RedriveFacts): LetterStep {
  const { source } = letter;
  if (source === undefined) return stays(letter, 'it names no input record', true);
  const { topic, partition } = source;
  const node = sourceOf(facts.plan, topic);
  if (node === undefined) return stays(letter, `the topology does not read "${topic}"`, true);
  const partitions = facts.partitionsOf(topic);
  if (partitions === undefined) return stays(letter, `there is no topic "${topic}"`, true);
  if (partition >= partitions) {
    return stays(letter, `topic "${topic}" has no partition ${partition} any more`, true);
  }
  if (facts.migrates && node.changes) {
    return stays(letter, `"${topic}" holds changes of a table, which no function takes`, true);
  }
  if (facts.outdated(letter)) {
    return stays(letter, `table topic "${topic}" has a later record of its key`);
  }
  return { kind: 'send', letter, to: { topic, partition } };
}

function sourceOf(plan: Plan, topic: string): { readonly changes: boolean } | undefined {
  for (const { nodes } of plan.subTopologies) {
    for (const node of nodes) {
      if (node.kind === 'source' && node.topics.includes(topic)) return node;
    }
  }
  return undefined;
}

function askAgain(letter: DeadLetter, facts: RedriveFacts): LetterStep {
  const { call, task } = letter;
  if (call === undefined)
    return stays(
      letter,
      'it does not bear its call, which was too large, or an earlier version wrote it',
      true,
    );
  const { stage, intent } = call;
  if (facts.migrates) {
    return stays(letter, 'it is of a reply to a call: no function changes that', true);
  }
  const topic = facts.plan.stores.get(journalStore(stage))?.changelog;
  if (topic === undefined) return stays(letter, `there is no call stage "${stage}" any more`, true);
  const partition = Number(/_(\d+)$/.exec(task)?.[1] ?? Number.NaN);
  if (!(partition < (facts.partitionsOf(topic) ?? 0))) {
    return stays(letter, `the journal of stage "${stage}" has no partition of task ${task}`, true);
  }
  if (facts.noCalls !== undefined) return stays(letter, facts.noCalls, true);
  return { kind: 'ask', letter, to: { topic, partition }, stage, intent };
}

function stays(letter: DeadLetter, reason: string, blocks = false): LetterStays {
  return { kind: 'stays', letter, reason, blocks };
}
