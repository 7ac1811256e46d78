import { Command } from 'commander';
import {
  type Difference,
  differenceText,
  hardest,
} from '../../topology/plan/compare/difference.ts';
import type { Manifest } from '../../topology/plan/compare/manifest.ts';
import { existingTopics } from '../app/ensure-topics.ts';
import {
  type PlannedOnLog,
  type PlanPlace,
  planOnLog,
  topicExpectations,
} from '../app/plans/plan-application.ts';
import { PlanRecords } from '../app/plans/plan-records.ts';
import { reviewPlan } from '../app/plans/review.ts';
import { topicProblems } from '../app/topic-problems.ts';
import { checkedGraph, readTopology, type TopologySource } from '../app/topology-source.ts';
import type { Log } from '../ports.ts';
import type { Console } from './console.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import {
  addDataOptions,
  type DataOptions,
  dataOptionWords,
  settingsOf,
  withLog,
} from './settings.ts';
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
  /** There was something to compare it with. */
  readonly ran: boolean;
  /** With what would keep it from running on the topics that are there. */
  readonly differences: readonly Difference[];
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
      '\nExit code 0, and "goesOn": true with --json, if "run" goes on with it by itself: there is no\n' +
        'difference, or all are rolling, or drain with nothing left to be read first. 1 if something\n' +
        'has to be done before. Topics that "run" would refuse are told as "forbidden".\n\n' +
        'Example:\n  $ millrace plan topology/orders/orders.yaml',
    )
    .action(async (file: string, options: PlanOptions) => {
      const settings = settingsOf(options);
      const compared = await withLog(settings, ({ log }) =>
        compare(log, file, {
          against: options.against,
          where: settings.where,
          shared: settings.choice.kafka !== undefined,
          ...(settings.choice.kafka === undefined
            ? {}
            : { brokers: settings.choice.kafka.brokers }),
          commandOptions: dataOptionWords(options),
        }),
      );
      await console.write(options.json === true ? jsonOf(compared) : textOf(compared));
      done(compared.goesOn ? exitCodes.fine : exitCodes.findings);
    });
}

async function compare(
  log: Log,
  file: string,
  options: PlanPlace & { readonly against: string | undefined; readonly where: string },
): Promise<Comparison> {
  const next = await planned(log, file);
  const { manifest, history } = next;
  const other = options.against === undefined ? undefined : await planned(log, options.against);
  const old = other?.manifest ?? history.current?.manifest;
  const review = old === undefined ? undefined : await reviewPlan(log, old, manifest);
  // Another file says nothing of the topics that are there.
  const refused = other === undefined ? await refusals(log, next, options) : [];
  return {
    application: manifest.application,
    other: options.against ?? `what ran last on ${options.where}`,
    where: options.where,
    ran: review !== undefined,
    differences: [...refused, ...(review?.differences ?? [])],
    goesOn: refused.length + (review?.blocking.length ?? 0) === 0,
    replay: old === undefined ? 0 : await recordsOf(log, manifest),
  };
}

/** Topics of the log that `run` refuses, as differences. */
async function refusals(log: Log, next: Planned, place: PlanPlace): Promise<Difference[]> {
  const { plan, topology } = next;
  const existing = await existingTopics(plan, log);
  const expectations = topicExpectations(topology, next, place);
  const problems = await topicProblems(plan, log, existing, expectations);
  return problems.map(({ topic, text }) => ({
    verdict: 'forbidden',
    subject: { kind: 'topic', name: topic },
    change: `it ${text}`,
  }));
}

/** A topology on a log, and what ran there. */
interface Planned extends PlannedOnLog {
  readonly topology: TopologySource;
}

async function planned(log: Log, file: string): Promise<Planned> {
  const topology = readTopology(file);
  const graph = checkedGraph(topology);
  // It only reads: the name of the producer does not matter.
  const records = new PlanRecords(log, graph.definition.application, 'plan');
  return { topology, ...(await planOnLog(topology, graph, log, records)) };
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

function textOf(comparison: Comparison): string {
  const { application, other, where, ran, differences, replay } = comparison;
  const lines = differences.map(differenceText);
  if (!ran) {
    const head = `application "${application}" has not run on ${where}: there is nothing to compare it with`;
    return lines.length === 0 ? `${head}\n` : `${head}\n${lines.join('\n')}\n`;
  }
  if (differences.length === 0) return `application "${application}" is as ${other}\n`;
  const count = `${differences.length} ${differences.length === 1 ? 'difference' : 'differences'}`;
  if (differences.some(({ verdict }) => verdict === 'rebuild' || verdict === 'migrate')) {
    lines.push(`a reset reads ${showCount(replay)} ${replay === 1 ? 'record' : 'records'} again`);
  }
  return `application "${application}": ${count} from ${other}\n${lines.join('\n')}\n`;
}

function jsonOf(comparison: Comparison): string {
  const { application, ran, differences, goesOn, replay } = comparison;
  const verdict = hardest(differences) ?? null;
  const value = { application, ran, goesOn, verdict, replayRecords: replay, differences };
  return `${JSON.stringify(value, null, 2)}\n`;
}
