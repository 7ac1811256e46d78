import { Command } from 'commander';
import { diffSchemas, type SchemaDiff } from '../../../schemas/index.ts';
import type { SourcedSchema } from '../../app/schemas/schema-source.ts';
import { readSubject } from '../../app/schemas/schema-source.ts';
import type { TouchedStages } from '../../app/schemas/topology-subjects.ts';
import {
  olderSchemas,
  type WantedSchema,
  wantedSchemas,
} from '../../app/schemas/wanted-schemas.ts';
import type { ManagedRegistry } from '../../ports.ts';
import type { Console } from '../console.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { UsageError } from '../failure.ts';
import {
  addRegistryOptions,
  assertTakesSubject,
  type RegistryCommandOptions,
} from './registry-options.ts';
import { RegistryOnce } from './registry-once.ts';

interface DiffOptions extends RegistryCommandOptions {
  readonly subject?: string;
  readonly against?: string;
  readonly topology: readonly string[];
}

/** What is different between two schemas. */
interface Compared {
  readonly older: string | null;
  readonly newer: string;
  /** Null: there is no older one. */
  readonly diff: SchemaDiff | null;
  readonly stages: TouchedStages;
}

/** `millrace schemas diff SCHEMA`: what changes, in words. */
export function schemasDiffCommand(console: Console, done: (code: ExitCode) => void): Command {
  return addRegistryOptions(new Command('diff'))
    .description('Say what changes from an older schema to a newer one, and whom it touches.')
    .argument(
      '<schema>',
      'the newer: a topology, a schema file, git:REVISION:FILE, SUBJECT[@VERSION]',
    )
    .option('--subject <name>', 'the subject of a schema file')
    .option(
      '--against <schema>',
      'the older: a file, git:REVISION[:FILE], SUBJECT[@VERSION]; else what the registry has',
    )
    .option(
      '--topology <file>',
      'name the stages of this topology that it touches; may be repeated',
      (file: string, files: readonly string[]) => [...files, file],
      [] as readonly string[],
    )
    .addHelpText(
      'after',
      '\nExit code 1 if one of the two directions is broken: new readers of old records, old readers of\n' +
        'new ones.\n\n' +
        'Examples:\n  $ millrace schemas diff topology/orders/orders.yaml --against git:origin/main\n' +
        '  $ millrace schemas diff orders.paid-value@3 --against orders.paid-value@1',
    )
    .action(async (word: string, options: DiffOptions) => {
      const once = new RegistryOnce({ options, console });
      try {
        const compared = await compareAll(word, options, () => once.get());
        const broken = compared.some(
          ({ diff }) => diff !== null && !(diff.backward && diff.forward),
        );
        done(broken ? exitCodes.findings : exitCodes.fine);
        const text = options.json ? `${JSON.stringify(compared, null, 2)}\n` : textOf(compared);
        await console.write(text);
      } finally {
        await once.close();
      }
    });
}

async function compareAll(
  word: string,
  { subject, against, topology }: DiffOptions,
  registry: () => Promise<ManagedRegistry>,
): Promise<readonly Compared[]> {
  assertTakesSubject(word, subject);
  const wanted = await wantedSchemas(word, { subject, topologies: topology, registry });
  const older = against === undefined ? undefined : await olderSchemas(against, word, registry);
  const compared: Compared[] = [];
  for (const schema of wanted) {
    const other =
      older === undefined
        ? await inRegistry(word, schema, await registry())
        : older.kind === 'one'
          ? older.schema
          : older.schemas.get(schema.subject ?? '');
    compared.push({
      older: other?.name ?? null,
      newer: schema.name,
      diff: other === undefined ? null : diffSchemas(other.schema, schema.schema),
      stages: schema.stages,
    });
  }
  return compared;
}

/** The last version of the subject, or the one before a version of it; undefined: there is none. */
async function inRegistry(
  word: string,
  { subject, version }: WantedSchema,
  registry: ManagedRegistry,
): Promise<SourcedSchema | undefined> {
  if (subject === undefined) {
    throw new UsageError(`with what is ${word} to be compared? Name --subject or --against`);
  }
  const versions = await registry.versions(subject);
  const [last] = versions.findLast(([number]) => version === undefined || number < version) ?? [];
  return last === undefined ? undefined : readSubject(registry, subject, last);
}

function textOf(compared: readonly Compared[]): string {
  const blocks = compared.flatMap((it) => blockOf(it) ?? []);
  const same = compared.length - blocks.length;
  if (blocks.length === 0) return 'no difference\n';
  const rest = same === 0 ? [] : [`${same} more without a difference\n`];
  return [...blocks, ...rest].join('\n');
}

function blockOf({ older, newer, diff, stages }: Compared): string | undefined {
  if (diff === null) return `${newer}: new\n`;
  if (diff.changes.length === 0) return undefined;
  const { readers, writers } = stages;
  const lines = [
    `${newer}, from ${older}:`,
    ...diff.changes.map(({ message }) => `  ${message}`),
    `  backward, new readers of old records: ${diff.backward ? 'fine' : 'broken'}`,
    `  forward, old readers of new records: ${diff.forward ? 'fine' : 'broken'}`,
    ...(readers.length === 0 ? [] : [`  read by ${readers.join(', ')}`]),
    ...(writers.length === 0 ? [] : [`  written by ${writers.join(', ')}`]),
  ];
  return `${lines.join('\n')}\n`;
}
