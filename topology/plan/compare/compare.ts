import { compareCalls } from './compare-calls.ts';
import { compareParking } from './compare-parking.ts';
import { compareSchemas } from './compare-schemas.ts';
import { compareStages } from './compare-stages.ts';
import { compareStores } from './compare-stores.ts';
import { compareTasks } from './compare-tasks.ts';
import { compareTopics } from './compare-topics.ts';
import { comparison, type Resolves } from './comparison.ts';
import { type Difference, verdicts } from './difference.ts';
import { digestOf, type Manifest } from './manifest.ts';

/**
 * What changed between two plans, and what each change asks of what runs (the table of
 * docs/kafka.md). Hardest first, then by subject. Empty if and only if both are the same.
 *
 * `resolves` tells whether a reader with one Avro schema reads what another one wrote.
 */
export function compareManifests(
  old: Manifest,
  next: Manifest,
  resolves: Resolves,
): readonly Difference[] {
  if (digestOf(old) === digestOf(next)) return [];
  const both = comparison(old, next, resolves);
  const subject = { kind: 'application', name: next.application } as const;
  if (old.application !== next.application) {
    // Nothing that belongs to one is the other's: there is no more to compare.
    const cost = 'positions, state and internal topics belong to the old name';
    const change = `it was called "${old.application}"`;
    return [{ verdict: 'forbidden', subject, change, cost }];
  }
  const found = [
    ...compareTasks(both),
    ...compareStores(both),
    ...compareParking(both),
    ...compareStages(both),
    ...compareTopics(both),
    ...compareCalls(both),
    ...compareSchemas(both),
  ];
  if (found.length === 0) {
    // Nothing of a manifest may differ without a word: what no rule knows is not rolling.
    found.push({ verdict: 'drain', subject, change: 'its plan is another one' });
  }
  return found.sort(inOrder);
}

function inOrder(a: Difference, b: Difference): number {
  const rank = verdicts.indexOf(b.verdict) - verdicts.indexOf(a.verdict);
  if (rank !== 0) return rank;
  const [one, two] = [a, b].map(({ subject }) => `${subject.kind} ${subject.name}`);
  return (one ?? '') < (two ?? '') ? -1 : one === two ? 0 : 1;
}
