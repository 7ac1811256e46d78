import { Command } from 'commander';
import {
  type Difference,
  differenceText,
  hardest,
} from '../../topology/plan/compare/difference.ts';
import type { Manifest } from '../../topology/plan/compare/manifest.ts';
import type { Plan } from '../../topology/plan/plan.ts';
import { mismatches, type PlaceOfTopic } from '../app/ensure-topics.ts';
import { planOnLog } from '../app/plans/plan-application.ts';
import { PlanRecords } from '../app/plans/plan-records.ts';
import { reviewPlan } from '../app/plans/review.ts';
import { checkedGraph, placeOfTopic, readTopology } from '../app/topology-source.ts';
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
  /** `run` goes on by itself. */
  readonly goesOn: boolean;
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
      '\nExit code 0 if "run" goes on with it by itself: there is no difference, or all are rolling, or\n' +
        'drain with nothing left to be read first. 1 if something has to be done before.\n\n' +
        'Example:\n  $ millrace plan topology/orders/orders.yaml',
    )
    .action(async (file: string, options: PlanOptions) => {
      const settings = settingsOf(options);
      const compared = await withLog(settings, ({ log }) =>
        compare(log, file, { against: options.against, where: settings.where }),
      );
      await console.write(options.json === true ? jsonOf(compared) : textOf(compared));
      done(compared.goesOn ? exitCodes.fine : exitCodes.findings);
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
    ...(await judged(log, old, next)),
    replay,
  };
}

async function judged(
  log: Log,
  old: Manifest | undefined,
  next: Planned,
): Promise<Pick<Comparison, 'differences' | 'goesOn'>> {
  if (old === undefined) return { differences: undefined, goesOn: true };
  const { differences, blocking } = await reviewPlan(log, old, next.manifest);
  const forbidden = await topicDifferences(log, next);
  return {
    differences: [...forbidden, ...differences],
    goesOn: forbidden.length + blocking.length === 0,
  };
}

/** Topics of the log that `run` refuses, as differences. */
async function topicDifferences(log: Log, { plan, placeOf }: Planned): Promise<Difference[]> {
  const found: Difference[] = [];
  for (const topic of plan.topics.values()) {
    const info = await log.admin.describe(topic.name);
    for (const problem of mismatches(plan.application, topic, info, placeOf)) {
      const subject = { kind: 'topic', name: topic.name } as const;
      found.push({ verdict: 'forbidden', subject, change: `it ${problem}` });
    }
  }
  return found;
}

/** A topology on a log, and what ran there. */
interface Planned {
  readonly plan: Plan;
  readonly placeOf: PlaceOfTopic;
  readonly manifest: Manifest;
  readonly ran: Manifest | undefined;
}

async function planned(log: Log, file: string): Promise<Planned> {
  const topology = readTopology(file);
  const graph = checkedGraph(topology);
  // It only reads: the name of the producer does not matter.
  const records = new PlanRecords(log, graph.definition.application, 'plan');
  const { plan, manifest, history } = await planOnLog(topology, graph, log, records);
  return { plan, placeOf: placeOfTopic(topology), manifest, ran: history.current?.manifest };
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
