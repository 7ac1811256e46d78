import { Command } from 'commander';
import type { Console } from '../console.ts';
import type { ExitCode } from '../exit-codes.ts';
import { dlqDiscardCommand } from './discard.ts';
import { dlqListCommand } from './list.ts';
import { dlqRedriveCommand } from './redrive.ts';
import { dlqShowCommand } from './show.ts';

/** `millrace dlq`: records that failed. */
export function dlqCommand(console: Console, done: (code: ExitCode) => void): Command {
  return new Command('dlq')
    .description(
      'List the records of an application that failed, look at them, send them on or give them up.',
    )
    .addCommand(dlqListCommand(console))
    .addCommand(dlqShowCommand(console))
    .addCommand(dlqRedriveCommand(console, done))
    .addCommand(dlqDiscardCommand(console, done))
    .addHelpText(
      'after',
      '\nThey are read from the log, so the application may be running or not.\n\n' +
        'Example:\n  $ millrace dlq list topology/orders/orders.yaml',
    );
}
