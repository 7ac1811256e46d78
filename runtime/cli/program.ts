import { Command } from 'commander';
import { callsCommand } from './calls/calls.ts';
import { checkCommand } from './check.ts';
import type { Console } from './console.ts';
import { describeCommand } from './describe.ts';
import { dlqCommand } from './dlq/dlq.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { explainCommand } from './explain.ts';
import { explainFailure } from './failure.ts';
import { planCommand } from './plan.ts';
import { queryCommand } from './query.ts';
import { registryCommand } from './registry.ts';
import { resetCommand } from './reset.ts';
import { runCommand } from './run.ts';
import { schemaCommand } from './schema.ts';
import { schemasCommand } from './schemas/schemas.ts';
import { statusCommand } from './status.ts';
import { topicsCommand } from './topics.ts';

/**
 * Runs one command line (without `node` and the script) and returns the exit code. Whatever ends it
 * early is explained on the console.
 */
export async function runCommandLine(
  args: readonly string[],
  console: Console,
  version: string,
): Promise<ExitCode> {
  let code: ExitCode = exitCodes.fine;
  const done = (ended: ExitCode): void => {
    code = ended;
  };
  const program = new Command('millrace')
    .description('Kafka Streams for TypeScript, with the topology in a file.')
    .version(version)
    .helpCommand(false)
    .addCommand(checkCommand(console, done))
    .addCommand(describeCommand(console))
    .addCommand(explainCommand(console))
    .addCommand(planCommand(console, done))
    .addCommand(runCommand(console, done))
    .addCommand(statusCommand(console))
    .addCommand(queryCommand(console))
    .addCommand(callsCommand(console, done))
    .addCommand(dlqCommand(console, done))
    .addCommand(topicsCommand(console))
    .addCommand(resetCommand(console, done))
    .addCommand(schemasCommand(console, done))
    .addCommand(registryCommand(console))
    .addCommand(schemaCommand(console))
    .addHelpText(
      'after',
      '\nExit codes: 0 fine, 1 findings or a failed application, 2 wrong usage, 3 environment.\n\n' +
        'Example:\n  $ millrace run topology/orders/orders.yaml',
    );
  prepare(program, console);
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    const failure = explainFailure(error);
    console.status('');
    if (failure.text !== '') console.note(failure.text);
    return failure.exitCode;
  }
}

/** Commands throw instead of ending the process, and speak through the console. */
function prepare(command: Command, console: Console): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => void console.write(text),
    writeErr: (text) => console.note(text),
  });
  for (const inner of command.commands) prepare(inner, console);
}
