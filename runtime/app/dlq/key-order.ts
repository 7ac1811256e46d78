import { type DeadLetter, keyOf } from './letter.ts';
import { type LetterStep, stays } from './letter-step.ts';

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

/** Order of the records that letters are of, then that of the letters. */
export function bySource(a: DeadLetter, b: DeadLetter): number {
  const [one, other] = [a.source ?? a, b.source ?? b];
  if (one.topic !== other.topic) return one.topic < other.topic ? -1 : 1;
  return one.partition - other.partition || one.offset - other.offset || a.offset - b.offset;
}
