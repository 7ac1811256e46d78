import { Command } from 'commander';
import type { Console } from '../console.ts';
import type { ExitCode } from '../exit-codes.ts';
import { schemasCheckCommand } from './check.ts';
import { schemasDiffCommand } from './diff.ts';
import { schemasListCommand } from './list.ts';
import { schemasModeCommand } from './set-compatibility.ts';
import { schemasPullCommand } from './pull.ts';
import { schemasRegisterCommand } from './register.ts';
import { schemasShowCommand } from './show.ts';
import { schemasSoftDeleteCommand } from './soft-delete.ts';
import { schemasVersionsCommand } from './versions.ts';

/** `millrace schemas`: what a registry holds, and what may be the next version. */
export function schemasCommand(console: Console, done: (code: ExitCode) => void): Command {
  return new Command('schemas')
    .description('Schemas of a registry, of files and of git revisions. Without a command: list.')
    .addCommand(schemasListCommand(console), { isDefault: true })
    .addCommand(schemasVersionsCommand(console))
    .addCommand(schemasShowCommand(console))
    .addCommand(schemasCheckCommand(console, done))
    .addCommand(schemasDiffCommand(console, done))
    .addCommand(schemasRegisterCommand(console))
    .addCommand(schemasModeCommand(console))
    .addCommand(schemasPullCommand(console, done))
    .addCommand(schemasSoftDeleteCommand(console))
    .addHelpText(
      'after',
      '\nA schema is named by its file, as git:REVISION:FILE, or by its subject: SUBJECT, SUBJECT@VERSION,\n' +
        'SUBJECT@latest.\n\n' +
        'Example:\n  $ millrace schemas check topology/orders/orders.yaml --against git:origin/main',
    );
}
