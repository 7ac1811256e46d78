import { ConfigError } from '../../../topology/core/errors.ts';
import type { TopicPlan } from '../../../topology/plan/plan.ts';
import type { ToolLog } from '../tool-log.ts';
import { KeyOrder, overtakenBy } from './key-order.ts';
import type { DeadLetter } from './letter.ts';
import type { LetterBook } from './letter-book.ts';
import { lettersToBeRead, partitionCounts, readParkedKeys } from './letter-facts.ts';
import { withLetterSender } from './letter-sender.ts';
import { type LetterStays, type LetterStep, type ReadyStep, stays } from './letter-step.ts';
import type { Migrator } from './migration.ts';
import { discarded, redrivenOf } from './redriven.ts';
import { type RedriveFacts, redriveSteps } from './redrive-plan.ts';
import { outdatedLetters } from './table-keys.ts';

/** Letters of one transaction, at most, and their bytes about. */
const chunkLetters = 500;
const chunkBytes = 512 * 1024;
/** Largest new value of a record that is released, bytes: its note is one record, in a topic that takes what Kafka takes by default. */
const mostNoteBytes = 1_000_000;

export interface RedriveOptions {
  /** Which letters are meant. */
  readonly selected: (letter: DeadLetter) => boolean;
  /** Records that a stage set aside are sent, too. */
  readonly rejected: boolean;
  /** Records whose key was parked and is no longer are sent, too. */
  readonly unparked: boolean;
  /** Letters are named one by one: of those that were discarded it is said. */
  readonly named: boolean;
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
  /** Selected letters that had been discarded before, and were not named. */
  readonly discarded: number;
  /** Letters of the same keys that were not selected, though their records came before some that were sent. */
  readonly overtaken: number;
}

/**
 * Sends dead letters on, in the order of their records, each once: a record and the note that its letter was sent on are in one transaction, and there is one
 * sender at a time. What a crash leaves undone, the next redrive does. A letter that parks its key is not sent, but its task is told in the note to take it anew.
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
  const parkedKey = await readParkedKeys(tool.log, book);
  const calls = await callsMayBeAsked(tool, book, selected);
  try {
    const counts = await partitionCounts(tool.log, book, selected);
    const outdated = await outdatedLetters(tool.log, book.plan, selected);
    const about = { letters: selected, parkedKey, counts };
    const toBeRead = await lettersToBeRead(tool.log, book, about);
    const facts: RedriveFacts = {
      plan: book.plan,
      redriven,
      partitionsOf: (topic) => counts.get(topic),
      rejected: options.rejected,
      unparked: options.unparked,
      named: options.named,
      migrates: options.migrator !== undefined,
      noCalls: calls.refused,
      outdated: (letter) => outdated.has(letter.id),
      parkedKey,
      toBeRead: (letter) => toBeRead.has(letter.id),
    };
    const steps = redriveSteps(all, selected, facts);
    const done = await inChunks(steps, { book, options, send });
    const asked = !options.dryRun && done.some(({ kind }) => kind === 'ask');
    if (asked && !tool.holds) await refuseStarted(tool, book.plan.application);
    const left = all.filter(
      (letter) => !options.selected(letter) && redrivenOf(letter, redriven) === undefined,
    );
    const notes = selected.flatMap((letter) => redrivenOf(letter, redriven) ?? []);
    const given = options.named ? 0 : notes.filter(({ to }) => to === discarded).length;
    const before = notes.filter(({ to }) => to !== discarded).length;
    return { steps: done, before, discarded: given, overtaken: overtakenBy(done, left) };
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
    const ready = await readyStep(order.after(step), book, options.migrator);
    // Told of what the migration leaves: that blocks its key, too.
    if (ready.kind === 'stays') order.after(ready);
    done.push(ready);
    if (ready.kind === 'stays') continue;
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
): Promise<Exclude<ReadyStep, { kind: 'discard' }> | LetterStays> {
  if (step.kind === 'stays') return step;
  if (step.kind === 'ask') return { ...step, value: Buffer.from(step.intent) };
  const { letter } = step;
  if (migrator === undefined) {
    return step.kind === 'release' ? step : { ...step, value: letter.value };
  }
  const migrated = await migrator.migrate(letter, plan.topics.get(step.to.topic) as TopicPlan);
  if ('stays' in migrated) return stays(letter, migrated.stays, true);
  const { value } = migrated;
  const bytes = (value?.length ?? 0) + 2 * (letter.key?.length ?? 0);
  if (step.kind === 'release' && bytes > mostNoteBytes) return stays(letter, tooLarge(bytes), true);
  return { ...step, value };
}

function tooLarge(bytes: number): string {
  return `what the migration made has ${bytes} bytes with its key, and a record that is released takes ${mostNoteBytes}: make it smaller, or discard the letter and produce the record anew`;
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
