import { describe, test } from 'vitest';
import { cli } from './cli.ts';
import { expectGolden } from './golden.ts';
import { projects, words } from './project.ts';

const project = projects();
const topology = words['words.yaml'] as string;

/** A file of the project → its bad text, or null: it is not there. */
type Change = Readonly<Record<string, string | null>>;

function changed(change: Change): string {
  const files = { ...words, ...change };
  return project(
    Object.fromEntries(
      Object.entries(files).filter((entry): entry is [string, string] => entry[1] !== null),
    ),
  );
}

const cases: readonly (readonly [name: string, command: string, change: Change])[] = [
  ['yaml-unreadable', 'check', { 'words.yaml': 'application: words\n\tstreams: [\n' }],
  ['yaml-unreadable-run', 'run', { 'words.yaml': 'application: words\n\tstreams: [\n' }],
  ['topology-missing', 'check', { 'words.yaml': null }],
  ['topology-missing-run', 'run', { 'words.yaml': null }],
  ['schema-not-json', 'check', { 'schemas/said.avsc': '{ "type": "record",\n  "name": text }\n' }],
  [
    'schema-not-avro',
    'check',
    {
      'schemas/said.avsc':
        '{\n  "type": "record",\n  "name": "text.Said",\n  "fields": [\n    { "name": "word", "type": "strng" },\n    { "name": "at" }\n  ]\n}\n',
    },
  ],
  ['schema-not-avro-run', 'run', { 'schemas/said.avsc': '{ "type": "record" }\n' }],
  ['schemas-folder-missing', 'check', { 'schemas/said.avsc': null }],
  ['processor-file-missing', 'check', { 'processors/shout.ts': null, 'processors/shut.ts': '' }],
  ['processor-file-missing-run', 'run', { 'processors/shout.ts': null, 'processors/b.ts': '' }],
  ['processors-folder-missing', 'check', { 'processors/shout.ts': null }],
  [
    'processors-unnamed',
    'check',
    { 'words.yaml': topology.replace('processors: processors\n', '') },
  ],
  ['export-wrong', 'run', { 'processors/shout.ts': 'export function shoot(): void {}\n' }],
  [
    'processor-throws',
    'run',
    {
      'processors/shout.ts':
        '// Reads its settings when it is loaded.\nconst url = undefined as string | undefined;\nif (url === undefined) throw new Error("SHOUT_URL is not set");\nexport const shout = (): string => url;\n',
    },
  ],
  [
    'processor-syntax',
    'run',
    { 'processors/shout.ts': 'export function shout() {\n  return (1;\n}\n' },
  ],
];

describe('a bad file', () => {
  test.each(cases)('is explained: %s', async (name, command, change) => {
    const cwd = changed(change);
    const args =
      command === 'run' ? ['run', 'words.yaml', '--data', 'data'] : [command, 'words.yaml'];
    await expectGolden(name, args, await cli(args, { cwd }), cwd);
  });
});

describe('a bad runner file', () => {
  test.each([
    [
      'runner-file',
      'dta: data\nsync: allways\ncommit: { interval: 5, max-rate: 0 }\nstore-cache: much\n',
    ],
    ['runner-file-variable', 'data: ${NO_SUCH_VARIABLE}/data\n'],
    ['runner-file-yaml', 'data: [\n'],
  ])('is explained: %s', async (name, text) => {
    const cwd = project({ ...words, 'millrace.yaml': text });
    const args = ['run', 'words.yaml'];
    await expectGolden(name, args, await cli(args, { cwd }), cwd);
  });

  test('that is named and missing is explained', async () => {
    const cwd = project(words);
    const args = ['run', 'words.yaml', '--config', 'none.yaml'];
    await expectGolden('runner-file-missing', args, await cli(args, { cwd }), cwd);
  });
});
