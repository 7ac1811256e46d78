import { ConfigError } from '../../../topology/core/errors.ts';
import type { TopicPlan } from '../../../topology/plan/plan.ts';
import type { Log } from '../../ports.ts';
import type { ToolLog } from '../tool-log.ts';
import type { DeadLetter } from './letter.ts';
import type { LetterBook } from './letter-book.ts';
import { type ReadyStep, withLetterSender } from './letter-sender.ts';
import type { Migrator } from './migration.ts';
import { redrivenOf } from './redriven.ts';
import {
  KeyOrder,
  overtakenBy,
  type LetterStays,
  type LetterStep,
  type RedriveFacts,
  redriveSteps,
} from './redrive-plan.ts';
import { outdatedLetters } from './table-keys.ts';

/** Letters of one transaction, at most, and their bytes about. */
const chunkLetters = 500;
const chunkBytes = 512 * 1024;

export interface RedriveOptions {
  /** Which letters are meant. */
  readonly selected: (letter: DeadLetter) => boolean;
  /** Records that a stage set aside are sent, too. */
  readonly rejected: boolean;
  /** Makes values anew. */
  readonly migrator?: Migrator;
  /** Nothing is written. */
  readonly dryRun: boolean;
}

/** What became of the selected letters that had not been sent on before, in order. */
export interface RedriveResult {
  readonly steps: readonly LetterStep[];
  /** Selected letters that had been sent on before. */
  readonly before: number;
  /** Letters of the same keys that were not selected, though their records came before some that were sent. */
  readonly overtaken: number;
}

/**
 * Sends dead letters on, in the order of their records, each once: a record and the note that its letter was sent on are in one transaction, and there is one
 * sender at a time. What a crash leaves undone, the next redrive does.
 * @throws {ConfigError} REDRIVE_RUNNING when another one is at work; REDRIVE_STARTED when the application was started while calls were put back
 * @throws {TaskMigratedError} FENCED when another one has begun meanwhile
 */
export async function redrive(
  tool: ToolLog,
  book: LetterBook,
  options: RedriveOptions,
): Promise<RedriveResult> {
  if (options.dryRun) return judged(tool, book, options, () => Promise.resolve());
  const { application } = book.plan;
  return withLetterSender(tool.log, application, async (sender) => {
    // What was sent on is read after the sender has its name: from here on nobody else adds to it.
    await sender.prepare();
    return judged(tool, book, options, (steps) => sender.send(steps));
  });
}

async function judged(
  tool: ToolLog,
  book: LetterBook,
  options: RedriveOptions,
  send: (steps: readonly ReadyStep[]) => Promise<void>,
): Promise<RedriveResult> {
  const redriven = await book.redriven();
  const all = await book.letters();
  const selected = all.filter(options.selected);
  const calls = await callsMayBeAsked(tool, book, selected);
  try {
    const counts = await partitionCounts(tool.log, book, selected);
    const outdated = await outdatedLetters(tool.log, book.plan, selected);
    const facts: RedriveFacts = {
      plan: book.plan,
      redriven,
      partitionsOf: (topic) => counts.get(topic),
      rejected: options.rejected,
      migrates: options.migrator !== undefined,
      noCalls: calls.refused,
      outdated: (letter) => outdated.has(letter.id),
    };
    const steps = redriveSteps(all, selected, facts);
    const done = await inChunks(steps, { book, options, send });
    const asked = !options.dryRun && done.some(({ kind }) => kind === 'ask');
    if (asked && !tool.holds) await refuseStarted(tool, book.plan.application);
    const left = all.filter(
      (letter) => !options.selected(letter) && redrivenOf(letter, redriven) === undefined,
    );
    const before = selected.length - steps.length;
    return { steps: done, before, overtaken: overtakenBy(done, left) };
  } finally {
    await calls.release();
  }
}

async function inChunks(
  steps: readonly LetterStep[],
  parts: {
    readonly book: LetterBook;
    readonly options: RedriveOptions;
    readonly send: (steps: readonly ReadyStep[]) => Promise<void>;
  },
): Promise<readonly LetterStep[]> {
  const { book, options, send } = parts;
  const order = new KeyOrder();
  const done: LetterStep[] = [];
  let chunk: ReadyStep[] = [];
  let bytes = 0;
  for (const step of steps) {
    // Asked twice: what the migration leaves blocks its key, too.
    const ready = await readyStep(order.after(step), book, options.migrator);
    done.push(order.after(ready));
    if (!('value' in ready)) continue;
    chunk.push(ready);
    bytes += (ready.value?.length ?? 0) + (ready.letter.key?.length ?? 0);
    if (chunk.length < chunkLetters && bytes < chunkBytes) continue;
    await send(chunk);
    [chunk, bytes] = [[], 0];
  }
  if (chunk.length > 0) await send(chunk);
  return done;
}

async function readyStep(
  step: LetterStep,
  { plan }: LetterBook,
  migrator: Migrator | undefined,
): Promise<ReadyStep | LetterStays> {
  if (step.kind === 'stays') return step;
  if (step.kind === 'ask') return { ...step, value: Buffer.from(step.intent) };
  const { letter } = step;
  if (migrator === undefined) return { ...step, value: letter.value };
  const migrated = await migrator.migrate(letter, plan.topics.get(step.to.topic) as TopicPlan);
  if ('value' in migrated) return { ...step, value: migrated.value };
  return { kind: 'stays', letter, reason: migrated.stays, blocks: true };
}

/** Whether calls can be put back into their journals: the application must stand still, and is kept from starting where the log can. */
async function callsMayBeAsked(
  tool: ToolLog,
  book: LetterBook,
  selected: readonly DeadLetter[],
): Promise<{ readonly refused: string | undefined; readonly release: () => Promise<void> }> {
  const release = async (): Promise<void> => {};
  if (selected.every(({ call }) => call === undefined)) return { refused: undefined, release };
  const { application } = book.plan;
  try {
    await tool.refuseRunning(application);
    const held = await tool.hold(application);
    return { refused: undefined, release: () => held.leave() };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const refused = `its call is asked again by a start of the application: stop "${application}", and redrive again`;
    return { refused, release };
  }
}

/** What starts after the calls were put back finds them; what started before has perhaps read their journal already, and goes past them. */
async function refuseStarted(tool: ToolLog, application: string): Promise<void> {
  try {
    await tool.refuseRunning(application);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(
      'REDRIVE_STARTED',
      `application "${application}" was started while calls were put back, and may not see them: stop it and delete its state folders, which are restored from the log`,
      { cause: error },
    );
  }
}

async function partitionCounts(
  log: Log,
  { plan }: LetterBook,
  letters: readonly DeadLetter[],
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  const journals = [...plan.stores.values()].map(({ changelog }) => changelog);
  for (const name of new Set([
    ...letters.flatMap(({ source }) => source ?? []).map(topicOf),
    ...journals,
  ])) {
    const info = await log.admin.describe(name);
    if (info !== undefined) counts.set(name, info.partitions);
  }
  return counts;
}

function topicOf({ topic }: { readonly topic: string }): string {
  return topic;
}
