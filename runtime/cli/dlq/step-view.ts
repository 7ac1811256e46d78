import { partitionId } from '../../../topology/core/topic-partition.ts';
import type { LetterDiscard, LetterStep } from '../../app/dlq/letter-step.ts';
import type { ReleasesTaken } from '../../app/dlq/releases-taken.ts';
import type { Console } from '../console.ts';
import { showCount, textTable } from '../text-table.ts';
import { letterName } from './letter-view.ts';

/** Prints what becomes of letters: of all of them for a dry run, else of those that stay. */
export async function showSteps(
  console: Console,
  steps: readonly (LetterStep | LetterDiscard)[],
  { topics, dryRun }: { readonly topics: readonly string[]; readonly dryRun: boolean },
): Promise<void> {
  const shown = dryRun ? steps : steps.filter(({ kind }) => kind === 'stays');
  const rows = shown.map((step) => [letterName(step.letter, topics), stepText(step)]);
  if (!dryRun) for (const row of rows) console.note(`${row.join(' ')}\n`);
  else if (rows.length > 0) await console.write(textTable(rows));
}

/** Steps as JSON, with what has become of the keys that they released. */
export function stepsJson(
  steps: readonly (LetterStep | LetterDiscard)[],
  taken: ReleasesTaken | undefined,
): string {
  const all = steps.map((step) => {
    const became = taken?.became.get(step.letter.id);
    return { ...stepJson(step), ...(became === undefined ? {} : { became }) };
  });
  return `${JSON.stringify(all, null, 2)}\n`;
}

function stepText(step: LetterStep | LetterDiscard): string {
  switch (step.kind) {
    case 'send': {
      const to = `goes to ${partitionId(step.to.topic, step.to.partition)}`;
      if (step.behind === undefined) return to;
      return `${to}, behind ${showCount(step.behind)} of its key, which is parked`;
    }
    case 'ask':
      return `is asked again by stage "${step.stage}"`;
    case 'release':
      return `goes to task ${step.release.task}${followers(step.waiting)}`;
    case 'discard':
      return `is discarded${followers(step.waiting)}`;
    case 'stays':
      return `stays: ${step.reason}`;
  }
}

function followers(waiting: number): string {
  return waiting === 0 ? '' : `, ${showCount(waiting)} behind it follow`;
}

function stepJson(step: LetterStep | LetterDiscard): object {
  const { id: letter } = step.letter;
  switch (step.kind) {
    case 'send': {
      const { to, behind } = step;
      const at = { topic: to.topic, partition: to.partition };
      return { letter, to: at, ...(behind === undefined ? {} : { behind }) };
    }
    case 'ask':
      return { letter, asks: step.stage };
    case 'release':
      return { letter, releases: step.release.task, waiting: step.waiting };
    case 'discard': {
      const { release, waiting } = step;
      return { letter, discarded: true, ...(release && { releases: release.task, waiting }) };
    }
    case 'stays':
      return { letter, stays: step.reason };
  }
}
