import { type Command, InvalidArgumentError } from 'commander';
import { isPrimitiveKey, type PrimitiveKind, primitiveSerde } from '../../../schemas/index.ts';
import type { Plan } from '../../../topology/plan/plan.ts';
import type { DeadLetter } from '../../app/dlq/letter.ts';
import type { LetterBook } from '../../app/dlq/letter-book.ts';
import { UsageError } from '../failure.ts';
import { findLetters, letterId } from './letter-view.ts';

/** Options that say which letters are meant. */
export interface SelectionOptions {
  readonly stage?: string;
  readonly code?: string;
  readonly key?: string;
  readonly from?: string;
  readonly to?: string;
}

/** Adds `--stage`, `--code`, `--key`, `--from` and `--to`. */
export function addSelectionOptions(command: Command): Command {
  return command
    .option('--stage <name>', 'those that failed in this stage')
    .option('--code <code>', 'those that failed with this error')
    .option('--key <text>', 'those of this key')
    .option('--from <letter>', 'this letter and those after it in its partition')
    .option('--to <letter>', 'this letter and those before it in its partition');
}

/**
 * Which letters are meant: those with these names, or all, as far as the options let them through.
 * @throws {UsageError} when a name stands for no letter
 */
export async function selection(
  book: LetterBook,
  names: readonly string[],
  { stage, code, key, from, to }: SelectionOptions,
): Promise<(letter: DeadLetter) => boolean> {
  const found = async (some: readonly string[]): Promise<readonly DeadLetter[]> =>
    some.length === 0
      ? []
      : findLetters(
          book,
          some.map((name) => letterId(name, book.topics)),
        );
  const ids = new Set((await found(names)).map(({ id }) => id));
  const [first] = await found(from === undefined ? [] : [from]);
  const [last] = await found(to === undefined ? [] : [to]);
  if (first !== undefined && last !== undefined && !samePartition(first, last)) {
    throw new UsageError('--from and --to name letters of two partitions: name two of one');
  }
  return (letter) =>
    (ids.size === 0 || ids.has(letter.id)) &&
    (stage === undefined || letter.stage === stage) &&
    (code === undefined || (letter.code ?? letter.error) === code) &&
    (key === undefined || keyText(letter, book.plan) === key) &&
    (first === undefined || (samePartition(letter, first) && letter.offset >= first.offset)) &&
    (last === undefined || (samePartition(letter, last) && letter.offset <= last.offset));
}

/** A whole number, 1 or more. */
export function atLeastOne(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) {
    throw new InvalidArgumentError('give a whole number, 1 or more');
  }
  return Number(text);
}

function samePartition(one: DeadLetter, other: DeadLetter): boolean {
  return one.topic === other.topic && one.partition === other.partition;
}

/** The key as a user writes it: what is primitive as its text; the rest, and what does not decode, in base64. */
function keyText({ key, source }: DeadLetter, { topics }: Plan): string | undefined {
  if (key === null) return undefined;
  const type = topics.get(source?.topic ?? '')?.key;
  if (type === undefined || !isPrimitiveKey(type)) return key.toString('base64');
  try {
    const read = primitiveSerde(type.kind as PrimitiveKind).read(key, 0, key.length);
    return read instanceof Uint8Array ? key.toString('base64') : String(read);
  } catch {
    return key.toString('base64');
  }
}
