import { Argument, Command } from 'commander';
import { compatibilityModes } from '../../../schemas/index.ts';
import { isMode } from '../../registry/modes.ts';
import type { Console } from '../console.ts';
import { UsageError } from '../failure.ts';
import {
  addRegistryOptions,
  type RegistryCommandOptions,
  withRegistry,
} from './registry-options.ts';

interface ModeOptions extends RegistryCommandOptions {
  readonly all?: true;
}

/** `millrace schemas set-compatibility MODE [SUBJECT…]`. */
export function schemasModeCommand(console: Console): Command {
  return addRegistryOptions(new Command('set-compatibility'))
    .description('Set what the next version of subjects must be able to do with older ones.')
    .addArgument(new Argument('<mode>', compatibilityModes.join(', ').toLowerCase()))
    .argument('[subjects...]', 'their names')
    .option('--all', 'of all subjects that have no mode of their own')
    .addHelpText(
      'after',
      '\nbackward: readers with the new schema read what the last version wrote: readers go first.\n' +
        'forward: readers with the last version read what the new one writes: writers go first.\n' +
        'full: both. With _transitive all versions count, not the last alone. none: nothing is compared.\n\n' +
        'Example:\n  $ millrace schemas set-compatibility full_transitive orders.placed-value',
    )
    .action(async (word: string, subjects: readonly string[], options: ModeOptions) => {
      const mode = word.toUpperCase().replaceAll('-', '_');
      if (!isMode(mode)) {
        throw new UsageError(
          `there is no mode "${word}": take ${compatibilityModes.join(', ').toLowerCase()}`,
        );
      }
      if ((subjects.length === 0) === (options.all !== true)) {
        throw new UsageError('name subjects, or --all');
      }
      await withRegistry({ options, console, create: true }, async ({ registry }) => {
        if (options.all) await registry.setCompatibility(mode);
        for (const subject of subjects) {
          await registry.setCompatibility(mode, subject);
          const { length } = await registry.versions(subject);
          if (length === 0) console.note(noVersions(subject));
        }
      });
      const changed = options.all ? [null] : subjects;
      if (options.json) {
        const list = changed.map((subject) => ({ subject, mode }));
        return console.write(`${JSON.stringify(list, null, 2)}\n`);
      }
      const lines = changed.map((subject) => `${subject ?? 'all subjects'}: ${mode}\n`);
      return console.write(lines.join(''));
    });
}

function noVersions(subject: string): string {
  return `note: subject "${subject}" has no versions yet: the mode counts from the second on. "millrace schemas list" lists those that have\n`;
}
