import { Command } from 'commander';
import type { Console } from '../console.ts';
import type { ExitCode } from '../exit-codes.ts';
import { callsListCommand } from './list.ts';
import { callsResolveCommand } from './resolve.ts';
import { callsShowCommand } from './show.ts';

/** `millrace calls`: requests to external services. */
export function callsCommand(console: Console, done: (code: ExitCode) => void): Command {
  return new Command('calls')
    .description('List the open requests of an application to other services, and decide them.')
    .addCommand(callsListCommand(console))
    .addCommand(callsShowCommand(console))
    .addCommand(callsResolveCommand(console, done))
    .addHelpText(
      'after',
      '\nThey are read from the log, so the application may be running or not.\n\n' +
        'Example:\n  $ millrace calls list topology/orders/orders.yaml',
    );
}
