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
import type { ToolLog } from '../app/tool-log.ts';
import { applicationNamed, isTopologyFile } from './application-name.ts';
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
      const settings = settingsOf(options);
      const confirmed = confirmation(console, options.yes === true);
      if (options.all === true) {
        if (name !== undefined) throw new UsageError('give an application or --all, not both');
        if (settings.choice.kafka !== undefined) {
          throw new UsageError('--all is for a data folder: on Kafka name the application');
        }
        return done(await resetAll(console, settings.data, confirmed));
      }
      if (name === undefined) {
        throw new UsageError('name the application or its topology file, or say --all');
      }
      const { where } = settings;
      return done(
        await withLog(settings, (tool) => resetOne(console, tool, { where, name, confirmed })),
      );
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
  tool: ToolLog,
  request: { readonly where: string; readonly name: string; readonly confirmed: Confirmed },
): Promise<ExitCode> {
  const { where, name, confirmed } = request;
  const isFile = isTopologyFile(name);
  const application = applicationNamed(name);
  const plan = await planReset(tool, application);
  if (isEmpty(plan)) {
    // A file says which application is meant, though it may not have run; a name may be a slip.
    if (!isFile) throw new UsageError(await unknownApplication(tool, name, where));
    console.note(`nothing of application "${application}" is in ${where}\n`);
    return exitCodes.fine;
  }
  if (!(await confirmed(describe(plan, where)))) return exitCodes.findings;
  await resetApplication(tool, plan);
  console.note(`application "${application}" is reset\n`);
  return exitCodes.fine;
}

async function unknownApplication(tool: ToolLog, name: string, where: string): Promise<string> {
  const known = await knownApplications(tool.log);
  const near = nearestName(name, known);
  const names = known.map((it) => `"${it}"`).join(', ');
  const hint = near === undefined ? `it knows ${names || 'none'}` : `did you mean "${near}"?`;
  return `nothing of application "${name}" is in ${where}: ${hint}`;
}

function isEmpty({ topics, state, positions }: ResetPlan): boolean {
  return topics.length === 0 && state.length === 0 && !positions;
}

function describe({ application, topics, state, positions }: ResetPlan, where: string): string {
  const lines = [`of application "${application}" in ${where} this deletes`];
  for (const topic of topics) lines.push(`  topic      ${topic}`);
  for (const folder of state) lines.push(`  stores     ${folder}`);
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
