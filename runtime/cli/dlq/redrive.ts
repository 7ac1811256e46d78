import { Command } from 'commander';
import type { Plan } from '../../../topology/plan/plan.ts';
import { partitionId } from '../../../topology/core/topic-partition.ts';
import { plan } from '../../../topology/plan/planner.ts';
import { LetterBook } from '../../app/dlq/letter-book.ts';
import { loadMigration, Migrator } from '../../app/dlq/migration.ts';
import { redrive, type RedriveResult } from '../../app/dlq/redrive.ts';
import type { LetterStep } from '../../app/dlq/redrive-plan.ts';
import type { RunPlace } from '../../app/run-place.ts';
import { systemClock } from '../../app/system-clock.ts';
import type { ToolLog } from '../../app/tool-log.ts';
import { checkedGraph, readTopology, type TopologySource } from '../../app/topology-source.ts';
import { SchemaCache, strategiesOf } from '../../engine/schema-cache.ts';
import { Serdes } from '../../engine/serdes.ts';
import type { Console } from '../console.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { addDataOptions, type DataOptions, settingsOf, withLog } from '../settings.ts';
import { textTable } from '../text-table.ts';
import { letterName } from './letter-view.ts';
import { addSelectionOptions, selection, type SelectionOptions } from './selection.ts';

interface RedriveCommandOptions extends DataOptions, SelectionOptions {
  readonly with?: string;
  readonly rejected?: true;
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
    .option('--dry-run', 'only say what would become of them')
    .option('--json', 'print what became of each as JSON')
    .addHelpText(
      'after',
      '\nA record goes once more to the topic that its task read, and through all stages of that task;\n' +
        'the failure had left none of its effects. Every reader of the topic gets it again, with the\n' +
        'header "__streams.redriven". A call whose reply failed is asked again at the next start, with\n' +
        'its idempotency key. A letter that was sent on is not sent twice.\n' +
        'Exit code 1: some letters stay.\n\n' +
        'Example:\n  $ millrace dlq redrive topology/orders/orders.yaml --stage reserve --dry-run',
    )
    .action(async (file: string, names: readonly string[], options: RedriveCommandOptions) => {
      const topology = readTopology(file);
      const migration = options.with === undefined ? undefined : await loadMigration(options.with);
      await withLog(inTransactions(settingsOf(options)), async (tool) => {
        const book = new LetterBook(plan(checkedGraph(topology)), tool.log);
        const selected = await selection(book, names, options);
        const dryRun = options.dryRun === true;
        const result = await redrive(tool, book, {
          selected,
          rejected: options.rejected === true,
          dryRun,
          ...(migration === undefined
            ? {}
            : {
                migrator: new Migrator({
                  migration,
                  registry: tool.registry,
                  serdes: serdesOf(topology, book.plan, tool),
                  dryRun,
                }),
              }),
        });
        done(await report(console, result, { topics: book.topics, ...options }));
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

async function report(
  console: Console,
  { steps, before, overtaken }: RedriveResult,
  { topics, json, dryRun }: RedriveCommandOptions & { readonly topics: readonly string[] },
): Promise<ExitCode> {
  const staying = steps.filter(({ kind }) => kind === 'stays').length;
  if (json === true) {
    await console.write(`${JSON.stringify(steps.map(stepJson), null, 2)}\n`);
  } else if (dryRun === true && steps.length > 0) {
    await console.write(textTable(steps.map((step) => row(step, topics))));
  } else {
    for (const step of steps) {
      if (step.kind === 'stays') console.note(`${row(step, topics).join(' ')}\n`);
    }
  }
  const again = before === 0 ? '' : `, ${before} had been sent on before`;
  if (overtaken > 0) {
    const them = `${overtaken} dead letters of the same keys that were not selected`;
    console.note(`${them} come before some of these: their order changes\n`);
  }
  const sent = dryRun === true ? 'would be sent on' : 'sent on';
  console.note(`${steps.length - staying} ${sent}, ${staying} stay${again}\n`);
  return staying === 0 ? exitCodes.fine : exitCodes.findings;
}

function row(step: LetterStep, topics: readonly string[]): string[] {
  const name = letterName(step.letter, topics);
  switch (step.kind) {
    case 'send':
      return [name, `goes to ${partitionId(step.to.topic, step.to.partition)}`];
    case 'ask':
      return [name, `is asked again by stage "${step.stage}"`];
    case 'stays':
      return [name, `stays: ${step.reason}`];
  }
}

function stepJson(step: LetterStep): object {
  const { id: letter } = step.letter;
  switch (step.kind) {
    case 'send':
      return { letter, to: { topic: step.to.topic, partition: step.to.partition } };
    case 'ask':
      return { letter, asks: step.stage };
    case 'stays':
      return { letter, stays: step.reason };
  }
}
