import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { nearestName } from '../../topology/core/problem.ts';
import {
  knownApplications,
  planFolderReset,
  planReset,
  resetApplication,
  resetFolder,
  type ResetPlan,
} from '../app/reset.ts';
import { checkedGraph, readTopology } from '../app/topology-source.ts';
import type { EmbeddedLog } from '../embedded/embedded-log.ts';
import type { Console } from './console.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { UsageError } from './failure.ts';
import { addDataOptions, type DataOptions, settingsOf, withLog } from './settings.ts';

interface ResetOptions extends DataOptions {
  readonly all?: true;
  readonly yes?: true;
}

/** `millrace reset`: back to the beginning, for one application or a whole data folder. */
export function resetCommand(console: Console, done: (code: ExitCode) => void): Command {
  return addDataOptions(new Command('reset'))
    .description("Delete an application's state stores, internal topics and positions.")
    .argument('[application]', 'its name, or its topology file')
    .option('--all', 'everything in the data folder: all topics, all applications')
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      '\nThe topics that it reads and writes stay. At its next start it reads its input again.\n\n' +
        'Example:\n  $ millrace reset topology/orders/orders.yaml',
    )
    .action(async (name: string | undefined, options: ResetOptions) => {
      const { data } = settingsOf(options);
      const confirmed = confirmation(console, options.yes === true);
      if (options.all === true) {
        if (name !== undefined) throw new UsageError('give an application or --all, not both');
        return done(await resetAll(console, data, confirmed));
      }
      if (name === undefined) {
        throw new UsageError('name the application or its topology file, or say --all');
      }
      return done(await withLog(data, (log) => resetOne(console, log, { data, name, confirmed })));
    });
}

type Confirmed = (what: string) => Promise<boolean>;

function confirmation(console: Console, yes: boolean): Confirmed {
  return async (what) => {
    console.note(what);
    if (yes) return true;
    const answer = await console.confirm('Go on?');
    if (answer === undefined) {
      throw new UsageError('there is no terminal to ask on: say --yes to go on');
    }
    if (!answer) console.note('nothing was deleted\n');
    return answer;
  };
}

async function resetOne(
  console: Console,
  log: EmbeddedLog,
  request: { readonly data: string; readonly name: string; readonly confirmed: Confirmed },
): Promise<ExitCode> {
  const { data, name, confirmed } = request;
  const isFile = existsSync(name) || /\.ya?ml$/.test(name);
  const application = isFile ? applicationOf(name) : name;
  const plan = await planReset(log, data, application);
  if (isEmpty(plan)) {
    const near = nearestName(application, await knownApplications(log));
    if (!isFile && near !== undefined) {
      throw new UsageError(
        `nothing of application "${name}" is in ${data}: did you mean "${near}"?`,
      );
    }
    console.note(`nothing of application "${application}" is in ${data}\n`);
    return exitCodes.fine;
  }
  if (!(await confirmed(describe(plan, data)))) return exitCodes.findings;
  await resetApplication(log, plan);
  console.note(`application "${application}" is reset\n`);
  return exitCodes.fine;
}

/** The name in a topology file; the rest of it need not be sound. */
function applicationOf(file: string): string {
  const topology = readTopology(file);
  const application = topology.definition?.application ?? '';
  return application === '' ? checkedGraph(topology).definition.application : application;
}

function isEmpty({ topics, state, positions }: ResetPlan): boolean {
  return topics.length === 0 && state === undefined && !positions;
}

function describe({ application, topics, state, positions }: ResetPlan, data: string): string {
  const lines = [`of application "${application}" in ${data} this deletes`];
  for (const topic of topics) lines.push(`  topic      ${topic}`);
  if (state !== undefined) lines.push(`  stores     ${state}`);
  if (positions) lines.push('  positions  in the topics that it reads');
  return `${lines.join('\n')}\n`;
}

async function resetAll(console: Console, data: string, confirmed: Confirmed): Promise<ExitCode> {
  const plan = await planFolderReset(data);
  const lines = [
    `this deletes ${plan.folders.join(' and ')}: all topics and the state of all applications`,
  ];
  if (plan.others.length > 0)
    lines.push(`what else is in ${data} stays: ${plan.others.join(', ')}`);
  if (!(await confirmed(`${lines.join('\n')}\n`))) return exitCodes.findings;
  await resetFolder(data, plan);
  console.note(`${data} is reset\n`);
  return exitCodes.fine;
}
