import { Command } from 'commander';
import type { ManagedRegistry } from '../../ports.ts';
import type { Console } from '../console.ts';
import { textTable } from '../text-table.ts';
import {
  addRegistryOptions,
  type RegistryCommandOptions,
  withRegistry,
} from './registry-options.ts';

/** `millrace schemas list`: subjects with their versions and modes. */
export function schemasListCommand(console: Console): Command {
  return addRegistryOptions(new Command('list'))
    .description('List the subjects of a registry, with their versions and modes.')
    .addHelpText(
      'after',
      '\nA mode in brackets is the one of all subjects that have none of their own.\n\n' +
        'Example:\n  $ millrace schemas list --registry http://localhost:8081',
    )
    .action(async (options: RegistryCommandOptions) => {
      const subjects = await withRegistry({ options, console }, ({ registry }) =>
        listSubjects(registry),
      );
      if (options.json) return console.write(`${JSON.stringify(subjects, null, 2)}\n`);
      const rows = subjects.map(({ subject, versions, latestId, mode, ownMode }) => [
        subject,
        String(versions),
        String(latestId),
        ownMode ? mode : `(${mode})`,
      ]);
      return console.write(textTable([['SUBJECT', 'VERSIONS', 'ID', 'MODE'], ...rows], [1, 2]));
    });
}

interface ListedSubject {
  readonly subject: string;
  readonly versions: number;
  readonly latestId: number;
  readonly mode: string;
  readonly ownMode: boolean;
}

async function listSubjects(registry: ManagedRegistry): Promise<readonly ListedSubject[]> {
  const listed: ListedSubject[] = [];
  for (const subject of await registry.subjects()) {
    const versions = await registry.versions(subject);
    const { mode, own } = await registry.compatibility(subject);
    const [, latestId = 0] = versions.at(-1) ?? [];
    listed.push({ subject, versions: versions.length, latestId, mode, ownMode: own });
  }
  return listed;
}
