import { Command } from 'commander';
import type { DeadLetter } from '../../app/dlq/letter.ts';
import type { LetterBook } from '../../app/dlq/letter-book.ts';
import { openLetterBook } from '../../app/dlq/open-letter-book.ts';
import { ParkedBook, parkedChangelogs, waitingBehind } from '../../app/dlq/parked-book.ts';
import { parks } from '../../app/dlq/redrive-plan.ts';
import { discarded, redrivenOf } from '../../app/dlq/redriven.ts';
import { readTopology } from '../../app/topology-source.ts';
import type { Console } from '../console.ts';
import { addDataOptions, type DataOptions, settingsOf, withLog } from '../settings.ts';
import { showCount, textTable } from '../text-table.ts';
import { letterName } from './letter-view.ts';

/** Dead letters of one stage, error and source topic. */
interface LetterGroup {
  readonly stage: string;
  readonly code: string;
  /** '' where no input record failed. */
  readonly source: string;
  letters: number;
  /** Of these, those that were sent on. */
  redriven: number;
  /** And those that were given up. */
  discarded: number;
  /** Records that wait behind those that park their keys. */
  waiting: number;
  readonly first: string;
  last: string;
}

/** `millrace dlq list FILE`: how many records failed, where and why. */
export function dlqListCommand(console: Console): Command {
  return addDataOptions(new Command('list'))
    .description('Count dead letters by stage, error and source topic.')
    .argument('<file>', 'topology file')
    .option('--json', 'print them as JSON')
    .addHelpText(
      'after',
      '\n"first" and "last" name dead letters, as "millrace dlq show" takes them; "waiting" counts records\n' +
        'behind those that park their keys.\n\n' +
        'Example:\n  $ millrace dlq list topology/orders/orders.yaml',
    )
    .action(async (file: string, options: DataOptions & { readonly json?: true }) => {
      const topology = readTopology(file);
      const groups = await withLog(settingsOf(options), async (tool) => {
        const book = await openLetterBook(topology, tool);
        return grouped(
          book,
          new ParkedBook(parkedChangelogs(book.plan), tool.log, { places: false }),
        );
      });
      if (options.json === true) return console.write(`${JSON.stringify(groups, null, 2)}\n`);
      if (groups.length === 0) return console.note('there are no dead letters\n');
      await console.write(textTable([head, ...groups.map(row)], [3, 4, 5, 6]));
    });
}

const counted = ['letters', 'sent on', 'discarded', 'waiting'];
const head = ['stage', 'error', 'source', ...counted, 'first', 'last'];

function row(group: LetterGroup): string[] {
  const { stage, code, source, letters, redriven, discarded: given, waiting, first, last } = group;
  const counts = [letters, redriven, given, waiting].map(showCount);
  return [stage, code, source, ...counts, first, last];
}

async function grouped(book: LetterBook, parked: ParkedBook): Promise<readonly LetterGroup[]> {
  const known = await book.redriven();
  const groups = new Map<string, LetterGroup>();
  const parking: (readonly [DeadLetter, LetterGroup])[] = [];
  await book.read((letter) => {
    const group = groupOf(letter, book.topics);
    const id = `${group.stage} ${group.code} ${group.source}`;
    const there = groups.get(id) ?? group;
    groups.set(id, there);
    there.letters++;
    const done = redrivenOf(letter, known)?.to;
    if (done === discarded) there.discarded++;
    else if (done !== undefined) there.redriven++;
    if (letter.parked !== undefined) parking.push([{ ...letter, value: null }, there]);
    there.last = group.last;
  });
  // After the letters: a letter and its key's row are one transaction.
  await parked.read('committed');
  for (const [letter, group] of parking) {
    const key = parked.of(letter);
    if (parks(letter, key)) group.waiting += waitingBehind(key);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

function groupOf(letter: DeadLetter, topics: readonly string[]): LetterGroup {
  const { stage, code, error, source } = letter;
  const name = letterName(letter, topics);
  return {
    stage,
    code: code ?? error,
    source: source?.topic ?? '',
    letters: 0,
    redriven: 0,
    discarded: 0,
    waiting: 0,
    first: name,
    last: name,
  };
}
