import { Command } from 'commander';
import { topologyJsonSchema } from '../../topology/definition/json-schema.ts';
import type { Console } from './console.ts';

/** `millrace schema json`: the JSON Schema of topology files, for editors. */
export function schemaCommand(console: Console): Command {
  const json = new Command('json')
    .description('Print the JSON Schema (draft-07) of topology files, for editors.')
    .addHelpText(
      'after',
      '\nExample:\n  $ millrace schema json > .millrace/topology.schema.json\n\n' +
        'and in the first line of a topology file:\n' +
        '  # yaml-language-server: $schema=../../.millrace/topology.schema.json',
    )
    .action(async () => {
      await console.write(`${JSON.stringify(topologyJsonSchema(), null, 2)}\n`);
    });
  return new Command('schema')
    .description('Schemas of the files that Millrace reads.')
    .addHelpText('after', '\nExample:\n  $ millrace schema json > topology.schema.json')
    .addCommand(json);
}
