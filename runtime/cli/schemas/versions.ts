import { Command } from 'commander';
import { subjectUnknown } from '../../registry/registry-errors.ts';
import type { Console } from '../console.ts';
import { textTable } from '../text-table.ts';
import {
  addRegistryOptions,
  type RegistryCommandOptions,
  withRegistry,
} from './registry-options.ts';

/** `millrace schemas versions SUBJECT`. */
export function schemasVersionsCommand(console: Console): Command {
  return addRegistryOptions(new Command('versions'))
    .description('List the versions of a subject, soft-deleted ones included.')
    .argument('<subject>', 'its name: TOPIC-value, TOPIC-key')
    .addHelpText('after', '\nExample:\n  $ millrace schemas versions orders.placed-value')
    .action(async (subject: string, options: RegistryCommandOptions) => {
      const versions = await withRegistry({ options, console }, async ({ registry }) => {
        const found = await registry.allVersions(subject);
        if (found.length === 0) throw subjectUnknown(subject);
        return found;
      });
      if (options.json) return console.write(`${JSON.stringify(versions, null, 2)}\n`);
      const rows = versions.map(({ version, id, deleted }) => [
        String(version),
        String(id),
        deleted ? 'soft-deleted' : '',
      ]);
      return console.write(textTable([['VERSION', 'ID', 'STATE'], ...rows], [0, 1]));
    });
}
