import { Command } from 'commander';
import { sameSchema } from '../../../schemas/index.ts';
import { parseSource, readSchemaFile } from '../../app/schemas/schema-source.ts';
import { readTopologySubjects } from '../../app/schemas/topology-subjects.ts';
import type { ManagedRegistry } from '../../ports.ts';
import type { Console } from '../console.ts';
import { UsageError } from '../failure.ts';
import { textTable } from '../text-table.ts';
import {
  addRegistryOptions,
  assertTakesSubject,
  type RegistryCommandOptions,
  withRegistry,
} from './registry-options.ts';

interface RegisterCommandOptions extends RegistryCommandOptions {
  readonly subject?: string;
}

/** A schema that is to be the next version of a subject. */
export interface SubjectSchema {
  readonly subject: string;
  readonly schema: string;
}

/** `millrace schemas register FILE…`. */
export function schemasRegisterCommand(console: Console): Command {
  return addRegistryOptions(new Command('register'))
    .description('Register schemas, as the modes of their subjects allow.')
    .argument('<file...>', 'topology files: all their streams and tables; or a schema file')
    .option('--subject <name>', 'the subject of a schema file')
    .addHelpText(
      'after',
      '\nA schema that its subject has already stays the version that it is. Where one of several is refused,\n' +
        'none is registered. An embedded log that is not there yet is made.\n\n' +
        'Examples:\n  $ millrace schemas register topology/orders/orders.yaml\n' +
        '  $ millrace schemas register schemas/orders/order-placed.avsc --subject orders.placed-value',
    )
    .action(async (words: readonly string[], options: RegisterCommandOptions) => {
      const wanted = schemasOf(words, options.subject);
      const done = await withRegistry({ options, console, create: true }, ({ registry }) =>
        registerAll(registry, wanted),
      );
      if (options.json) return console.write(`${JSON.stringify(done, null, 2)}\n`);
      const rows = done.map(({ subject, version, id, added }) => [
        subject,
        String(version ?? ''),
        String(id),
        added ? 'registered' : 'as it was',
      ]);
      return console.write(textTable([['SUBJECT', 'VERSION', 'ID', ''], ...rows], [1, 2]));
    });
}

/** What a schema is registered as. */
interface Registered {
  readonly subject: string;
  readonly version: number | null;
  readonly id: number;
  /** It was not there. */
  readonly added: boolean;
}

/** Where one of them is refused, nothing is registered. */
async function registerAll(
  registry: ManagedRegistry,
  wanted: readonly SubjectSchema[],
): Promise<readonly Registered[]> {
  const known: (number | undefined)[] = [];
  for (const { subject, schema } of wanted) {
    const id = await versionOf(registry, subject, schema);
    known.push(id);
    if (id !== undefined) continue;
    const refused = await registry.incompatibilities(subject, schema);
    // It says why, in the words of a refusal.
    if (refused.length > 0) await registry.register(subject, schema);
  }
  const registered: Registered[] = [];
  for (const [i, { subject, schema }] of wanted.entries()) {
    const present = known[i];
    const id = present ?? (await registry.register(subject, schema));
    const [version = null] =
      (await registry.versions(subject)).findLast((it) => it[1] === id) ?? [];
    registered.push({ subject, version, id, added: present === undefined });
  }
  return registered;
}

/** Id of the last version that is this schema, however it is spelled. */
async function versionOf(
  registry: ManagedRegistry,
  subject: string,
  schema: string,
): Promise<number | undefined> {
  const versions = await registry.versions(subject);
  for (const [, id] of versions.toReversed()) {
    if (sameSchema((await registry.schema(id)) ?? '', schema)) return id;
  }
  return undefined;
}

/**
 * Subjects with the schemas that files have for them.
 * @throws {UsageError} where a schema file comes without a subject
 * @throws {ConfigError} SCHEMA_FILE
 */
export function schemasOf(
  words: readonly string[],
  subject: string | undefined,
): readonly SubjectSchema[] {
  if (subject !== undefined && words.length !== 1) {
    throw new UsageError('--subject is of one schema file');
  }
  return words.flatMap((word): readonly SubjectSchema[] => {
    assertTakesSubject(word, subject);
    const source = parseSource(word);
    if (source.kind === 'subject') {
      throw new UsageError(`"${word}" is no file: name a topology (.yaml) or a schema (.avsc)`);
    }
    if (source.kind === 'topology') return readTopologySubjects(source.path, source.tree);
    if (subject === undefined) {
      throw new UsageError(`whose schema is ${word}? Name its subject with --subject`);
    }
    return [{ subject, schema: readSchemaFile(source.path, source.tree).schema }];
  });
}
