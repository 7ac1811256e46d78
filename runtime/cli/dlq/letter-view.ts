import { nearestName } from '../../../topology/core/problem.ts';
import type { DeadLetter } from '../../app/dlq/letter.ts';
import type { LetterBook } from '../../app/dlq/letter-book.ts';
import { UsageError } from '../failure.ts';

/** How a letter is called: without its topic where the application has one. */
export function letterName({ id }: Pick<DeadLetter, 'id'>, topics: readonly string[]): string {
  const [topic = ''] = topics;
  return topics.length === 1 ? id.slice(topic.length + 1) : id;
}

/**
 * The id that a name given by the user stands for.
 * @throws {UsageError} when it is no name of a letter
 */
export function letterId(name: string, topics: readonly string[]): string {
  const [, topic = topics[0] ?? '', place] = /^(?:([^/]+)\/)?(\d{1,9}\/\d{1,15})$/.exec(name) ?? [];
  if (place === undefined || (topics.length !== 1 && !name.startsWith(`${topic}/`))) {
    const how = topics.length === 1 ? 'partition/offset' : 'topic/partition/offset';
    throw new UsageError(`"${name}" names no dead letter: write ${how}, as "millrace dlq list"`);
  }
  if (topics.includes(topic)) return `${topic}/${place}`;
  const near = nearestName(topic, topics);
  const hint = near === undefined ? `it has ${topics.join(', ')}` : `did you mean "${near}"?`;
  throw new UsageError(`the application has no dead-letter topic "${topic}": ${hint}`);
}

/** @throws {UsageError} when a letter of these ids is not there */
export async function findLetters(
  book: LetterBook,
  ids: readonly string[],
): Promise<readonly DeadLetter[]> {
  const found = new Map<string, DeadLetter>();
  await book.read((letter) => {
    if (ids.includes(letter.id)) found.set(letter.id, letter);
  });
  return ids.map((id) => {
    const letter = found.get(id);
    if (letter !== undefined) return letter;
    throw new UsageError(
      `application "${book.plan.application}" has no dead letter ${id}: "millrace dlq list" says which there are`,
    );
  });
}
