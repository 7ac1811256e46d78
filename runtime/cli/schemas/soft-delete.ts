import { Command } from 'commander';
import type { Console } from '../console.ts';
import { UsageError } from '../failure.ts';
import { parseSource, readSubject } from '../../app/schemas/schema-source.ts';
import {
  addRegistryOptions,
  type RegistryCommandOptions,
  withRegistry,
} from './registry-options.ts';

/** `millrace schemas soft-delete SUBJECT[@VERSION]`. */
export function schemasSoftDeleteCommand(console: Console): Command {
  return addRegistryOptions(new Command('soft-delete'))
    .description('Take versions of a subject out of use. What they wrote can still be read.')
    .argument('<subject>', 'SUBJECT@VERSION, SUBJECT@latest, or SUBJECT for all of its versions')
    .addHelpText(
      'after',
      '\nNothing is compared with a soft-deleted version any more, and its number is not given again.\n' +
        'Its id stays known.\n\n' +
        'Example:\n  $ millrace schemas soft-delete orders.placed-value@3',
    )
    .action(async (word: string, options: RegistryCommandOptions) => {
      const source = parseSource(word);
      if (source.kind !== 'subject') throw new UsageError(`"${word}" is a file: name a subject`);
      const { subject, version } = source;
      const versions = await withRegistry({ options, console }, async ({ registry }) => {
        const named =
          version === 'latest' ? (await readSubject(registry, subject, version)).version : version;
        return registry.softDelete(subject, named);
      });
      if (options.json) {
        return console.write(`${JSON.stringify({ subject, versions }, null, 2)}\n`);
      }
      const which =
        versions.length === 1 ? `version ${versions[0]}` : `versions ${versions.join(', ')}`;
      return console.write(`${subject}: ${which} soft-deleted\n`);
    });
}
