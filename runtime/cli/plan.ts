import { Command } from 'commander';
import { resolves } from '../../schemas/index.ts';
import { compareManifests } from '../../topology/plan/compare/compare.ts';
import {
  type Difference,
  differenceText,
  hardest,
  isRolling,
} from '../../topology/plan/compare/difference.ts';
import type { Manifest } from '../../topology/plan/compare/manifest.ts';
import { planOnLog } from '../app/plans/plan-application.ts';
import { PlanRecords } from '../app/plans/plan-records.ts';
import { checkedGraph, readTopology } from '../app/topology-source.ts';
import type { Log } from '../ports.ts';
import type { Console } from './console.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { addDataOptions, type DataOptions, settingsOf, withLog } from './settings.ts';
import { showCount } from './text-table.ts';

interface PlanOptions extends DataOptions {
  readonly json?: true;
  readonly against?: string;
}

/** What a plan is compared with, and what comes of it. */
interface Comparison {
  readonly application: string;
  /** What it is compared with, for people. */
  readonly other: string;
  /** The log, for people. */
  readonly where: string;
  /** Undefined: nothing ran yet. */
  readonly differences: readonly Difference[] | undefined;
  /** Records that a reset would read again. */
  readonly replay: number;
}

/** `millrace plan FILE`: what a topology would change of what runs. */
export function planCommand(console: Console, done: (code: ExitCode) => void): Command {
  return addDataOptions(new Command('plan'))
    .description('Compare a topology with what ran last: each difference, and what it asks for.')
    .argument('<file>', 'topology file')
    .option('--against <file>', 'compare with another topology file, not with what ran')
    .option('--json', 'print the differences as JSON')
    .addHelpText(
      'after',
      '\nExit code 0 if "run" goes on with it by itself (there is no difference, or all are rolling), 1 if\n' +
        'something has to be done first.\n\n' +
        'Example:\n  $ millrace plan topology/orders/orders.yaml',
    )
    .action(async (file: string, options: PlanOptions) => {
      const settings = settingsOf(options);
      const compared = await withLog(settings, ({ log }) =>
        compare(log, file, { against: options.against, where: settings.where }),
      );
      await console.write(options.json === true ? jsonOf(compared) : textOf(compared));
      const fine = isRolling(compared.differences ?? []);
      done(fine ? exitCodes.fine : exitCodes.findings);
    });
}

async function compare(
  log: Log,
  file: string,
  options: { readonly against: string | undefined; readonly where: string },
): Promise<Comparison> {
  const next = await planned(log, file);
  const { application } = next.manifest;
  const other = options.against === undefined ? undefined : await planned(log, options.against);
  const old = other?.manifest ?? next.ran;
  const replay = old === undefined ? 0 : await recordsOf(log, next.manifest);
  return {
    application,
    other: options.against ?? `what ran last on ${options.where}`,
    where: options.where,
    differences: old === undefined ? undefined : compareManifests(old, next.manifest, resolves),
    replay,
  };
}

async function planned(
  log: Log,
  file: string,
): Promise<{ readonly manifest: Manifest; readonly ran: Manifest | undefined }> {
  const topology = readTopology(file);
  const graph = checkedGraph(topology);
  // It only reads: the name of the producer does not matter.
  const records = new PlanRecords(log, graph.definition.application, 'plan');
  const { manifest, history } = await planOnLog(topology, graph, log, records);
  return { manifest, ran: history.current?.manifest };
}

/** Records in the topics that others write and the application reads. */
async function recordsOf(log: Log, manifest: Manifest): Promise<number> {
  let records = 0;
  for (const topic of new Set(
    Object.values(manifest.subTopologies).flatMap((sub) => sub.sourceTopics),
  )) {
    const info = await log.admin.describe(topic);
    if (info === undefined || manifest.topics[topic]?.internal === true) continue;
    const partitions = Array.from({ length: info.partitions }, (_, partition) => ({
      topic,
      partition,
    }));
    for (const { start, end } of await log.ends(partitions, 'committed')) records += end - start;
  }
  return records;
}

function textOf({ application, other, where, differences, replay }: Comparison): string {
  if (differences === undefined) {
    return `application "${application}" has not run on ${where}: there is nothing to compare it with\n`;
  }
  if (differences.length === 0) return `application "${application}" is as ${other}\n`;
  const count = `${differences.length} ${differences.length === 1 ? 'difference' : 'differences'}`;
  const lines = differences.map(differenceText);
  if (hardest(differences) === 'rebuild') {
    lines.push(`a reset reads ${showCount(replay)} ${replay === 1 ? 'record' : 'records'} again`);
  }
  return `application "${application}": ${count} from ${other}\n${lines.join('\n')}\n`;
}

function jsonOf({ application, differences, replay }: Comparison): string {
  const value = {
    application,
    ran: differences !== undefined,
    verdict: hardest(differences ?? []) ?? null,
    replayRecords: replay,
    differences: differences ?? [],
  };
  return `${JSON.stringify(value, null, 2)}\n`;
}
