import { Command } from 'commander';
import { discard, type DiscardResult } from '../../app/dlq/discard.ts';
import type { LetterBook } from '../../app/dlq/letter-book.ts';
import { openLetterBook } from '../../app/dlq/open-letter-book.ts';
import type { ToolLog } from '../../app/tool-log.ts';
import { readTopology } from '../../app/topology-source.ts';
import type { Console } from '../console.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { UsageError } from '../failure.ts';
import { addDataOptions, type DataOptions, settingsOf, withLog } from '../settings.ts';
import { waitOption } from '../wait-option.ts';
import { inTransactions } from './redrive.ts';
import { failedAgain, sayTaken, takenBy } from './released.ts';
import { addSelectionOptions, selection, type SelectionOptions } from './selection.ts';
import { showSteps, stepsJson } from './step-view.ts';

interface DiscardCommandOptions extends DataOptions, SelectionOptions {
  readonly wait: number;
  readonly dryRun?: true;
  readonly json?: true;
}

/** `millrace dlq discard FILE LETTER…`: records that failed are given up. */
export function dlqDiscardCommand(console: Console, done: (code: ExitCode) => void): Command {
  return addSelectionOptions(addDataOptions(new Command('discard')))
    .description('Give dead letters up: they are not sent on, and keep nothing waiting.')
    .argument('<file>', 'topology file')
    .argument(
      '[letters...]',
      'these, as "millrace dlq show" takes them; or say with an option which',
    )
    .addOption(waitOption())
    .option('--dry-run', 'only say what would become of them')
    .option('--json', 'print what became of each as JSON')
    .addHelpText(
      'after',
      '\nThey stay in the dead-letter topic and are listed as discarded; "millrace dlq redrive" leaves\n' +
        'them. There is no way back. Where a record parks its key it is dropped, and those that wait\n' +
        'behind it follow.\n' +
        'Exit code 1: a named letter had been sent on or discarded, or a record behind it failed.\n\n' +
        'Example:\n  $ millrace dlq discard topology/orders/orders.yaml 0/17',
    )
    .action(async (file: string, names: readonly string[], options: DiscardCommandOptions) => {
      refuseAll(names, options);
      const topology = readTopology(file);
      await withLog(inTransactions(settingsOf(options)), async (tool) => {
        const book = await openLetterBook(topology, tool);
        const selected = await selection(book, names, options);
        const dryRun = options.dryRun === true;
        const result = await discard(tool, book, { selected, named: names.length > 0, dryRun });
        done(await report(console, result, { tool, book, options }));
      });
    });
}

/** Whoever means all of them has to say so. */
function refuseAll(names: readonly string[], options: SelectionOptions): void {
  const { stage, code, key, from, to } = options;
  const said = [stage, code, key, from, to].some((option) => option !== undefined);
  if (said || names.length > 0) return;
  throw new UsageError(
    'say which letters: name them, or give --stage, --code, --key, --from or --to',
  );
}

async function report(
  console: Console,
  { steps, before }: DiscardResult,
  about: {
    readonly tool: ToolLog;
    readonly book: LetterBook;
    readonly options: DiscardCommandOptions;
  },
): Promise<ExitCode> {
  const { tool, book, options } = about;
  const { json = false, dryRun = false, wait: waitMs } = options;
  const staying = steps.filter(({ kind }) => kind === 'stays');
  if (!json) await showSteps(console, steps, { topics: book.topics, dryRun });
  const given = `${steps.length - staying.length} ${dryRun ? 'would be discarded' : 'discarded'}`;
  const stay = staying.length === 0 ? '' : `, ${staying.length} stay`;
  const again = before === 0 ? '' : `, ${before} had been sent on or discarded before`;
  console.note(`${given}${stay}${again}\n`);
  const taken = dryRun ? undefined : await takenBy(tool, book, { steps, waitMs });
  if (taken !== undefined) sayTaken(console, taken, book, steps);
  if (json) await console.write(stepsJson(steps, taken));
  return staying.length > 0 || failedAgain(taken) ? exitCodes.findings : exitCodes.fine;
}
