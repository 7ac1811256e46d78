import { Command } from 'commander';
import type { Console } from '../console.ts';
import { dlqListCommand } from './list.ts';
import { dlqShowCommand } from './show.ts';

/** `millrace dlq`: records that failed. */
export function dlqCommand(console: Console): Command {
  return new Command('dlq')
    .description('List the records of an application that failed, and look at them.')
    .addCommand(dlqListCommand(console))
    .addCommand(dlqShowCommand(console))
    .addHelpText(
      'after',
      '\nThey are read from the log, so the application may be running or not.\n\n' +
        'Example:\n  $ millrace dlq list topology/orders/orders.yaml',
    );
}
