import { Command, InvalidArgumentError, Option } from 'commander';
import {
  parseSource,
  readSchemaFile,
  readSubject,
  type SourcedSchema,
} from '../../app/schemas/schema-source.ts';
import { ConfigError } from '../../../topology/core/errors.ts';
import { parseExactJson } from '../../../topology/core/exact-json.ts';
import type { Console } from '../console.ts';
import { UsageError } from '../failure.ts';
import {
  addRegistryOptions,
  type RegistryCommandOptions,
  type RegistryUse,
  withRegistry,
} from './registry-options.ts';

interface ShowOptions extends RegistryCommandOptions {
  readonly id?: number;
}

/** `millrace schemas show SCHEMA`: a whole schema. */
export function schemasShowCommand(console: Console): Command {
  return addRegistryOptions(new Command('show'))
    .description('Print a whole schema: what it refers to is put in.')
    .argument('[schema]', 'SUBJECT, SUBJECT@VERSION, a file, or git:REVISION:FILE')
    .addOption(new Option('--id <number>', 'the schema with this id').argParser(wholeNumber))
    .addHelpText(
      'after',
      '\nExamples:\n  $ millrace schemas show orders.placed-value@2\n' +
        '  $ millrace schemas show --id 17',
    )
    .action(async (word: string | undefined, options: ShowOptions) => {
      if ((word === undefined) === (options.id === undefined)) {
        throw new UsageError('name one schema: by a subject or file, or by --id');
      }
      const use = { options, console };
      const found = word === undefined ? await byId(use) : await byName(word, use);
      const schema = parseExactJson(found.schema);
      const shown = options.json ? { ...found, schema } : schema;
      await console.write(`${JSON.stringify(shown, null, 2)}\n`);
    });
}

interface ShowUse extends RegistryUse {
  readonly options: ShowOptions;
}

function byId(use: ShowUse): Promise<SourcedSchema & { readonly id: number }> {
  const id = use.options.id as number;
  return withRegistry(use, async ({ registry, where }) => {
    const schema = await registry.schema(id);
    if (schema === undefined) {
      throw new ConfigError('SCHEMA_UNKNOWN_ID', `${where} knows no schema with the id ${id}`);
    }
    return { name: `id ${id}`, id, schema };
  });
}

async function byName(word: string, use: ShowUse): Promise<SourcedSchema> {
  const source = parseSource(word);
  switch (source.kind) {
    case 'subject':
      return withRegistry(use, ({ registry }) =>
        readSubject(registry, source.subject, source.version),
      );
    case 'schema-file':
      return readSchemaFile(source.path, source.tree);
    case 'topology':
      throw new UsageError(`"${word}" is a topology: name a schema file or a subject`);
  }
}

function wholeNumber(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError('give a whole number');
  return Number(text);
}
