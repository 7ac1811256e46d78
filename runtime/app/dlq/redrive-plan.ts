import type { Plan } from '../../../topology/plan/plan.ts';
import type { LetterOrigin } from '../../task/dead-letter.ts';
import { journalStore } from '../../task/call-journals.ts';
import type { ParkedKey } from '../../task/parking/parked-rows.ts';
import { isSameFailure, type Release } from '../../task/release.ts';
import { bySource } from './key-order.ts';
import { type DeadLetter, failureId } from './letter.ts';
import { type LetterStep, stays } from './letter-step.ts';
import { waitingBehind } from './parked-book.ts';
import { discarded, type RedrivenById, redrivenOf } from './redriven.ts';

/** What is known before letters are judged. */
export interface RedriveFacts {
  readonly plan: Plan;
  readonly redriven: RedrivenById;
  /** Partitions of a topic of the log; undefined: it is not there. */
  readonly partitionsOf: (topic: string) => number | undefined;
  /** Records that a stage set aside are sent, too. */
  readonly rejected: boolean;
  /** Records whose key was parked and is no longer are sent, too. */
  readonly unparked: boolean;
  /** Letters are named one by one: of those that were discarded it is said. */
  readonly named: boolean;
  /** A value is made anew by a function. */
  readonly migrates: boolean;
  /** Why calls cannot be asked again; undefined: they can. */
  readonly noCalls: string | undefined;
  /** True when a later record of the letter's key is in its topic. */
  readonly outdated: (letter: DeadLetter) => boolean;
  /** The letter's key as it is parked in the letter's task; undefined: it is not. */
  readonly parkedKey: (letter: DeadLetter) => ParkedKey | undefined;
  /** True when the application has yet to read the letter's record, as after a reset. */
  readonly toBeRead: (letter: DeadLetter) => boolean;
}

/**
 * What becomes of selected letters, in the order in which they are to be sent: that of their records in the source topics. Letters that were sent on or discarded
 * before are left out, but for discarded ones that are named. `all` are all letters of the application, selected or not.
 */
export function redriveSteps(
  all: readonly DeadLetter[],
  selected: readonly DeadLetter[],
  facts: RedriveFacts,
): readonly LetterStep[] {
  const latest = new LatestLetters(all);
  return [...selected].sort(bySource).flatMap((letter): LetterStep[] => {
    const done = redrivenOf(letter, facts.redriven);
    if (done === undefined) return [stepFor(letter, latest, facts)];
    if (done.to !== discarded || !facts.named) return [];
    return [stays(letter, `it was discarded at ${done.at}: if it is wanted, produce it anew`)];
  });
}

/** Letters that stand for others: a reset makes letters anew, which stand beside those of before. */
class LatestLetters {
  private readonly ofRecord = new Map<string, DeadLetter>();
  private readonly ofFailure = new Map<string, DeadLetter>();

  constructor(letters: readonly DeadLetter[]) {
    for (const letter of letters) {
      if ((letter.origin ?? 'record') !== 'record') continue;
      this.ofRecord.set(sourceId(letter), letter);
      if (letter.parked !== undefined) this.ofFailure.set(failureId(letter, letter.parked), letter);
    }
  }

  /** The latest letter of the same input record. */
  same(letter: DeadLetter): DeadLetter | undefined {
    return this.ofRecord.get(sourceId(letter));
  }

  /** The letter that parks the key of `letter`. */
  parking(letter: DeadLetter, key: ParkedKey): DeadLetter | undefined {
    return this.ofFailure.get(failureId(letter, key));
  }
}

function sourceId({ source }: DeadLetter): string {
  return source === undefined ? '' : `${source.topic}/${source.partition}/${source.offset}`;
}

function stepFor(letter: DeadLetter, latest: LatestLetters, facts: RedriveFacts): LetterStep {
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
    case 'record':
      return recordStep(letter, latest, facts);
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

function recordStep(letter: DeadLetter, latest: LatestLetters, facts: RedriveFacts): LetterStep {
  const key = facts.parkedKey(letter);
  if (parks(letter, key)) return releaseKey(letter, key, facts);
  const last = latest.same(letter);
  if (last !== undefined && last.id !== letter.id) {
    return stays(letter, `${last.id} is a later letter of the same record`);
  }
  if (letter.parked === undefined || facts.unparked) return sendAgain(letter, facts);
  return stays(letter, whyNotParked(letter, { key, latest, facts }));
}

/** True when it is this very failure that keeps the key parked. */
export function parks(letter: DeadLetter, key: ParkedKey | undefined): key is ParkedKey {
  const { parked } = letter;
  return key !== undefined && parked !== undefined && isSameFailure(key, parked);
}

/**
 * In whose hands the record of a letter is whose key is not parked with it. Nobody's, where the key was released and the note of it is lost, or where the task's
 * state was lost with the record's topic: that cannot be told from here, so a person says it with `--unparked`.
 */
function whyNotParked(
  letter: DeadLetter,
  about: {
    readonly key: ParkedKey | undefined;
    readonly latest: LatestLetters;
    readonly facts: RedriveFacts;
  },
): string {
  const { key, latest, facts } = about;
  const anyway = '--unparked sends it to its topic all the same';
  if (facts.toBeRead(letter)) {
    return `its key is no longer parked: the application has yet to read its record again, as after a reset; ${anyway}`;
  }
  const now = key && latest.parking(letter, key)?.id;
  if (now !== undefined) {
    return `its key is no longer parked with it, but with ${now}: the record went through when its key was released; ${anyway}`;
  }
  return `its key is no longer parked: the record went through when its key was released, or after a reset; ${anyway}`;
}

function releaseKey(letter: DeadLetter, key: ParkedKey, facts: RedriveFacts): LetterStep {
  const { source } = letter;
  if (source === undefined) return stays(letter, 'it names no input record', true);
  const { topic, partition } = source;
  const node = sourceOf(facts.plan, topic);
  if (node === undefined) return stays(letter, `the topology does not read "${topic}"`, true);
  if (facts.migrates && node.changes) return ofChanges(letter, topic);
  const release = releaseOf(letter, key, 'retry');
  return {
    kind: 'release',
    letter,
    to: { topic, partition },
    release,
    waiting: waitingBehind(key),
  };
}

/** Tells the task of a letter that {@link parks} its key what to do with it. */
export function releaseOf(
  { task, key }: DeadLetter,
  { attempt, sinceMs }: ParkedKey,
  action: Release['action'],
): Release {
  return { task, key: key as Buffer, parked: { attempt, sinceMs }, action };
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
  if (facts.migrates && node.changes) return ofChanges(letter, topic);
  if (facts.outdated(letter)) {
    return stays(letter, `table topic "${topic}" has a later record of its key`);
  }
  const key = facts.parkedKey(letter);
  const behind = key === undefined ? {} : { behind: waitingBehind(key) + 1 };
  return { kind: 'send', letter, to: { topic, partition }, ...behind };
}

function ofChanges(letter: DeadLetter, topic: string): LetterStep {
  return stays(letter, `"${topic}" holds changes of a table, which no function takes`, true);
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
