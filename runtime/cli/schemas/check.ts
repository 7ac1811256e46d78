import { Command, Option } from 'commander';
import {
  checkCompatibility,
  compatibilityModes,
  sameSchema,
  type SchemaVersion,
} from '../../../schemas/index.ts';
import {
  type OlderSchemas,
  olderSchemas,
  type WantedSchema,
  wantedSchemas,
} from '../../app/schemas/wanted-schemas.ts';
import type { CompatibilityMode, ManagedRegistry } from '../../ports.ts';
import { isMode } from '../../registry/modes.ts';
import type { Console } from '../console.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { UsageError } from '../failure.ts';
import {
  addRegistryOptions,
  assertTakesSubject,
  type RegistryCommandOptions,
} from './registry-options.ts';
import { RegistryOnce } from './registry-once.ts';

interface CheckOptions extends RegistryCommandOptions {
  readonly subject?: string;
  readonly against?: string;
  readonly mode?: CompatibilityMode;
}

/** What is said of one schema. */
interface Judged {
  readonly name: string;
  readonly subject: string | null;
  readonly verdict: 'new' | 'unchanged' | 'compatible' | 'refused';
  readonly mode: CompatibilityMode | null;
  /** What it was compared with. */
  readonly against: readonly string[];
  readonly problems: readonly string[];
}

/** `millrace schemas check SCHEMA…`: whether schemas may be the next versions. */
export function schemasCheckCommand(console: Console, done: (code: ExitCode) => void): Command {
  return addRegistryOptions(new Command('check'))
    .description('Check whether schemas may be the next versions of their subjects.')
    .argument('<schema...>', 'topology files: all their streams and tables; or schema files')
    .option('--subject <name>', 'the subject of a schema file')
    .option('--against <schema>', 'compare with a file, git:REVISION[:FILE], or SUBJECT[@VERSION]')
    .addOption(
      new Option('--mode <mode>', compatibilityModes.join(', ').toLowerCase())
        .default(undefined, 'what the registry says; with --against backward')
        .argParser(modeOf),
    )
    .addHelpText(
      'after',
      '\nWithout --against the registry has the older versions and the mode, and is asked for its own\n' +
        'verdict, too. Exit code 1 if a schema is refused.\n\n' +
        'Examples:\n  $ millrace schemas check topology/orders/orders.yaml\n' +
        '  $ millrace schemas check topology/orders/orders.yaml --against git:origin/main --mode full\n' +
        '  $ millrace schemas check schemas/orders/order-paid.avsc --subject orders.paid-value',
    )
    .action(async (words: readonly string[], options: CheckOptions) => {
      const once = new RegistryOnce({ options, console });
      try {
        const judged: Judged[] = [];
        for (const word of words) judged.push(...(await judgeAll(word, options, once)));
        const refused = judged.some(({ verdict }) => verdict === 'refused');
        done(refused ? exitCodes.findings : exitCodes.fine);
        const text = options.json
          ? `${JSON.stringify(judged, null, 2)}\n`
          : judged.map(lineOf).join('');
        await console.write(text);
      } finally {
        await once.close();
      }
    });
}

function modeOf(word: string): CompatibilityMode {
  const mode = word.toUpperCase().replaceAll('-', '_');
  if (isMode(mode)) return mode;
  const modes = compatibilityModes.join(', ').toLowerCase();
  throw new UsageError(`there is no mode "${word}": take ${modes}`);
}

async function judgeAll(
  word: string,
  options: CheckOptions,
  once: RegistryOnce,
): Promise<readonly Judged[]> {
  const registry = (): Promise<ManagedRegistry> => once.get();
  const { subject, against, mode } = options;
  assertTakesSubject(word, subject);
  const wanted = await wantedSchemas(word, { subject, topologies: [], registry });
  const judged: Judged[] = [];
  if (against !== undefined) {
    const older = await olderSchemas(against, word, registry);
    for (const schema of wanted) judged.push(judgeAgainst(schema, older, mode ?? 'BACKWARD'));
    return judged;
  }
  for (const schema of wanted) {
    if (schema.subject === undefined) {
      throw new UsageError(`with what is ${word} to be compared? Name --subject or --against`);
    }
    judged.push(
      await judgeInRegistry(schema, schema.subject, { mode, registry: await registry() }),
    );
  }
  return judged;
}

function judgeAgainst(wanted: WantedSchema, older: OlderSchemas, mode: CompatibilityMode): Judged {
  const { name, subject = null, schema } = wanted;
  const other = older.kind === 'one' ? older.schema : older.schemas.get(subject ?? '');
  if (other === undefined) {
    return { name, subject, verdict: 'new', mode, against: [], problems: [] };
  }
  const against = [other.name];
  if (sameSchema(other.schema, schema)) {
    return { name, subject, verdict: 'unchanged', mode, against, problems: [] };
  }
  const problems = problemsOf(
    schema,
    [{ version: 1, schema: other.schema }],
    mode,
    () => other.name,
  );
  const verdict = problems.length === 0 ? 'compatible' : 'refused';
  return { name, subject, verdict, mode, against, problems };
}

async function judgeInRegistry(
  { name, schema }: WantedSchema,
  subject: string,
  { mode: asked, registry }: { mode: CompatibilityMode | undefined; registry: ManagedRegistry },
): Promise<Judged> {
  const versions: SchemaVersion[] = [];
  for (const [version, id] of await registry.versions(subject)) {
    versions.push({ version, schema: (await registry.schema(id)) as string });
  }
  const mode = asked ?? (await registry.compatibility(subject)).mode;
  const found = { name, subject, mode };
  if (versions.length === 0) return { ...found, verdict: 'new', against: [], problems: [] };
  const last = `version ${versions.at(-1)?.version}`;
  const same = versions.find((present) => sameSchema(present.schema, schema));
  if (same !== undefined) {
    const against = [`version ${same.version}`];
    return { ...found, verdict: 'unchanged', against, problems: [] };
  }
  const own = problemsOf(schema, versions, mode, (version) => `version ${version}`);
  const theirs =
    asked === undefined && own.length === 0
      ? await registry.incompatibilities(subject, schema)
      : [];
  const problems = [...own, ...theirs.map((it) => `the registry refuses it: ${it}`)];
  const all = `versions ${versions.map(({ version }) => version).join(', ')}`;
  const against = mode.endsWith('_TRANSITIVE') && versions.length > 1 ? [all] : [last];
  const verdict = problems.length === 0 ? 'compatible' : 'refused';
  return { ...found, verdict, against, problems };
}

/** What is in the way, of Avro's rules and of what Millrace's serdes mind beside. */
function problemsOf(
  schema: string,
  older: readonly SchemaVersion[],
  mode: CompatibilityMode,
  nameOf: (version: number) => string,
): readonly string[] {
  const { checks } = checkCompatibility(mode, schema, older);
  return checks.flatMap(({ version, direction, verdict }) =>
    verdict.differences
      .filter(({ effect }) => effect !== 'changes')
      .map(({ path, message }) => {
        const at = path === '' ? '' : `\`${path}\`: `;
        const other = nameOf(version);
        return direction === 'backward'
          ? `it cannot read what ${other} wrote: ${at}${message}`
          : `${other} cannot read what it writes: ${at}${message}`;
      }),
  );
}

function lineOf({ name, verdict, mode, against, problems }: Judged): string {
  switch (verdict) {
    case 'new':
      return `${name}: new, there is nothing to compare it with\n`;
    case 'unchanged':
      return `${name}: the same as ${against.join(', ')}\n`;
    case 'compatible':
      return `${name}: ${mode} allows it after ${against.join(', ')}\n`;
    case 'refused':
      return `${name}: ${mode} does not allow it after ${against.join(', ')}\n${problems
        .map((problem) => `  ${problem}\n`)
        .join('')}`;
  }
}
