import { Command } from 'commander';
import type { Console } from './console.ts';
import { topicsListCommand } from './topics-list.ts';
import { topicsReadCommand } from './topics-read.ts';

/** `millrace topics`: what a log holds. */
export function topicsCommand(console: Console): Command {
  return new Command('topics')
    .description('List topics, and read them. Without a command: list.')
    .addCommand(topicsListCommand(console), { isDefault: true })
    .addCommand(topicsReadCommand(console))
    .addHelpText('after', '\nExample:\n  $ millrace topics read orders.status --limit 10');
}
