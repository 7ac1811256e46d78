import { Command } from 'commander';
import type { Plan } from '../../../topology/plan/plan.ts';
import type { LetterBook } from '../../app/dlq/letter-book.ts';
import { openLetterBook } from '../../app/dlq/open-letter-book.ts';
import { loadMigration, Migrator } from '../../app/dlq/migration.ts';
import type { LetterStep } from '../../app/dlq/letter-step.ts';
import { redrive, type RedriveOptions, type RedriveResult } from '../../app/dlq/redrive.ts';
import { redriveBehind } from '../../app/dlq/redrive-behind.ts';
import type { RunPlace } from '../../app/run-place.ts';
import { systemClock } from '../../app/system-clock.ts';
import type { ToolLog } from '../../app/tool-log.ts';
import { readTopology, type TopologySource } from '../../app/topology-source.ts';
import { SchemaCache, strategiesOf } from '../../engine/schema-cache.ts';
import { Serdes } from '../../engine/serdes.ts';
import type { Console } from '../console.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { addDataOptions, type DataOptions, settingsOf, withLog } from '../settings.ts';
import { waitOption } from '../wait-option.ts';
import { failedAgain, sayTaken, takenBy } from './released.ts';
import { addSelectionOptions, selection, type SelectionOptions } from './selection.ts';
import { showSteps, stepsJson } from './step-view.ts';

interface RedriveCommandOptions extends DataOptions, SelectionOptions {
  readonly with?: string;
  readonly rejected?: true;
  readonly unparked?: true;
  readonly again?: true;
  readonly wait: number;
  readonly dryRun?: true;
  readonly json?: true;
}

/** `millrace dlq redrive FILE [LETTER…]`: records that failed are tried again. */
export function dlqRedriveCommand(console: Console, done: (code: ExitCode) => void): Command {
  return addSelectionOptions(addDataOptions(new Command('redrive')))
    .description('Send dead letters on after a fix: in order per key, each once.')
    .argument('<file>', 'topology file')
    .argument('[letters...]', 'these only, as "millrace dlq show" takes them; otherwise all')
    .option('--with <function>', 'FILE#EXPORT: a function from the old value to the new one')
    .option(
      '--rejected',
      'also records that a stage set aside, though what else they caused stands',
    )
    .option(
      '--unparked',
      'also records whose key was parked with them and is no longer, to their topics',
    )
    .option('--again', 'also what fails behind a record that went through, until nothing does')
    .addOption(waitOption())
    .option('--dry-run', 'only say what would become of them')
    .option('--json', 'print what became of each as JSON')
    .addHelpText(
      'after',
      '\nA record goes once more to the topic that its task read, and through all stages of that task;\n' +
        'the failure had left none of its effects. Every reader of the topic gets it again, with the\n' +
        'header "__streams.redriven". A call whose reply failed is asked again at the next start, with\n' +
        'its idempotency key. A letter that was sent on is not sent twice.\n' +
        'A record that parks its key goes to its task alone, and those that wait behind it follow, before\n' +
        'anything newer of the key. It is said what became of them within --wait; with --again a record\n' +
        'behind it that fails in its turn is sent on likewise.\n' +
        'Exit code 1: some letters stay, or a released key failed again.\n\n' +
        'Example:\n  $ millrace dlq redrive topology/orders/orders.yaml --stage reserve --dry-run',
    )
    .action(async (file: string, names: readonly string[], options: RedriveCommandOptions) => {
      const topology = readTopology(file);
      const migration = options.with === undefined ? undefined : await loadMigration(options.with);
      await withLog(inTransactions(settingsOf(options)), async (tool) => {
        const book = await openLetterBook(topology, tool);
        const selected = await selection(book, names, options);
        const dryRun = options.dryRun === true;
        const redriveOptions: RedriveOptions = {
          selected,
          rejected: options.rejected === true,
          unparked: options.unparked === true,
          named: names.length > 0,
          dryRun,
          ...(migration === undefined
            ? {}
            : {
                migrator: new Migrator({
                  migration,
                  registry: tool.registry,
                  serdes: serdesOf(topology, book.plan, tool),
                  clock: systemClock,
                  dryRun,
                }),
              }),
        };
        done(await redriven(console, { tool, book, options, redriveOptions }));
      });
    });
}

/** Whatever guarantee the application has: a record and the note that it was sent are written together. */
export function inTransactions<T extends Pick<RunPlace, 'choice'>>(place: T): T {
  const { choice } = place;
  if (choice.kafka === undefined) return place;
  return { ...place, choice: { ...choice, kafka: { ...choice.kafka, guarantee: 'exactly-once' } } };
}

function serdesOf({ catalog }: TopologySource, made: Plan, { registry }: ToolLog): Serdes {
  const cache = new SchemaCache(registry, systemClock, strategiesOf(made));
  return new Serdes(catalog, cache, (topic) => made.topics.get(topic)?.internal === false);
}

async function redriven(
  console: Console,
  about: {
    readonly tool: ToolLog;
    readonly book: LetterBook;
    readonly options: RedriveCommandOptions;
    readonly redriveOptions: RedriveOptions;
  },
): Promise<ExitCode> {
  const { tool, book, options, redriveOptions } = about;
  const { json = false, dryRun = false, again = false, wait: waitMs } = options;
  const { topics } = book;
  const result = await redrive(tool, book, redriveOptions);
  const { steps } = result;
  if (!json) await showSteps(console, steps, { topics, dryRun });
  saySums(console, result, dryRun);
  let taken = dryRun ? undefined : await takenBy(tool, book, { steps, waitMs });
  let more: readonly LetterStep[] = [];
  if (again && taken !== undefined) {
    const after = { options: redriveOptions, steps, taken, waitMs };
    ({ steps: more, taken } = await redriveBehind(tool, book, after));
    if (!json) await showSteps(console, more, { topics, dryRun });
    sayBehind(console, more);
  }
  if (taken !== undefined) sayTaken(console, taken, book, steps);
  const all = [...steps, ...more];
  if (json) await console.write(stepsJson(all, taken));
  const bad = all.some(({ kind }) => kind === 'stays') || failedAgain(taken);
  return bad ? exitCodes.findings : exitCodes.fine;
}

function sayBehind(console: Console, steps: readonly LetterStep[]): void {
  if (steps.length === 0) return;
  const staying = steps.filter(({ kind }) => kind === 'stays').length;
  console.note(`behind them: ${steps.length - staying} sent on, ${staying} stay\n`);
}

function saySums(console: Console, result: RedriveResult, dryRun: boolean): void {
  const { steps, before, discarded, overtaken } = result;
  const staying = steps.filter(({ kind }) => kind === 'stays').length;
  const behind = steps.filter((step) => step.kind === 'send' && step.behind !== undefined).length;
  if (overtaken > 0) {
    const them = `${overtaken} dead letters of the same keys that were not selected`;
    console.note(`${them} come before some of these: their order changes\n`);
  }
  const again = before === 0 ? '' : `, ${before} had been sent on before`;
  const given = discarded === 0 ? '' : `, ${discarded} had been discarded`;
  const sent = dryRun ? 'would be sent on' : 'sent on';
  console.note(`${steps.length - staying} ${sent}, ${staying} stay${again}${given}\n`);
  if (behind === 0) return;
  console.note(
    `${behind} of these of keys that are parked: they wait there, behind what came later\n`,
  );
}
