import type { RowDoc, TableDoc } from './field.ts';
import { application } from './nodes/application.ts';
import { errorPolicy } from './nodes/errors.ts';
import { operators } from './nodes/operators.ts';
import { operatorHead } from './nodes/reference-head.ts';
import { stageTable } from './nodes/stage.ts';

/** What the reference needs to know of a problem code. */
interface CodeText {
  readonly title: string;
  readonly explanation: string;
  readonly example: string;
}

type Operator = (typeof operators)[number];

const [fileDoc, stageDoc] = [application, stageTable].map(({ tables }) => tables[0]) as [
  TableDoc,
  TableDoc,
];
const errorDocs = new Set(errorPolicy.tables.flatMap(collect));

/** A page is generated: a change belongs into the tables. */
const notice = '<!-- Generated from the tables in topology/definition: change those. -->';

/**
 * Reference documentation in Markdown, from the same tables as the parser: file name → text.
 * `codes` are the problem codes to be listed.
 */
export function referenceMarkdown(
  codes: Readonly<Record<string, CodeText>>,
): ReadonlyMap<string, string> {
  return new Map([
    ['README.md', indexPage()],
    ['topology-file.md', filePage()],
    ['stages.md', stagePage()],
    ['operators.md', operatorPage()],
    ['problems.md', problemPage(codes)],
  ]);
}

function indexPage(): string {
  const list = operators.map(({ kind, doc }) => `- [\`${kind}\`](operators.md#${kind}): ${doc}`);
  return page('Reference of the topology file', [
    '- [The file](topology-file.md): application, streams, tables, stores, calls, errors',
    '- [Stages](stages.md): what every stage has: inputs, outputs, sinks',
    '- [Operators](operators.md): what a stage does',
    '- [Problems](problems.md): what `check` reports, by code',
    '',
    '## Values',
    '',
    '| type | what it is |',
    '|---|---|',
    '| name | lower-case words and digits joined by `-` |',
    '| reference | a stream, a table, a stage, or `stage.output` |',
    '| Avro type | a full name such as `shop.Order`, or a primitive such as `string` |',
    '| duration | whole milliseconds, written with units: `250ms`, `5s`, `1m30s`, `24h`, `7d` |',
    '| share | of failures: `5% of 100 per 1m`, at least 100 records within a minute |',
    '| expression | one line of CEL, type-checked; quote it where YAML would cut it |',
    '| function | file of the processors folder without `.ts`; it exports the name in camelCase |',
    '',
    '## Operators',
    '',
    ...list,
  ]);
}

function filePage(): string {
  const below = new Set(collect(stageDoc).filter((table) => !errorDocs.has(table)));
  const tables = collect(fileDoc).filter((table) => !below.has(table));
  return page(
    'The topology file',
    tables.flatMap((table) => section(table, 2)),
  );
}

function stagePage(): string {
  const own = new Set(operators.flatMap(operatorTables));
  const tables = collect(stageDoc).filter((table) => !own.has(table) && !errorDocs.has(table));
  const operatorKeys = new Set(operators.flatMap((one) => [one.kind, ...Object.keys(one.beside)]));
  return page('Stages', [
    'Beside these keys a stage has at most one [operator](operators.md).',
    'What `errors` takes is the [error policy](topology-file.md#error-policy).',
    '',
    ...tables.flatMap((table) =>
      section({ ...table, rows: table.rows.filter((row) => !operatorKeys.has(row.key)) }, 2),
    ),
  ]);
}

function operatorPage(): string {
  const all = operators.flatMap(operatorTables);
  const shared = new Set(all.filter((table, i) => all.indexOf(table) !== i));
  return page('Operators', [
    'The examples stand on this head:',
    '',
    fence(operatorHead),
    ...operators.flatMap((operator) => operatorSection(operator, shared)),
    '## Shared by several operators',
    '',
    ...[...shared].flatMap((table) => section(table, 3)),
  ]);
}

function operatorSection(operator: Operator, shared: ReadonlySet<TableDoc>): string[] {
  const keys = [[operator.kind, operator.main] as const, ...Object.entries(operator.beside)];
  const rows = keys.map(([key, { field, doc, required, default: absent }]) => ({
    key,
    doc,
    type: field.type,
    required: required === true || key === operator.kind,
    ...(absent === undefined ? {} : { default: absent }),
  }));
  const own = operatorTables(operator).filter((table) => !shared.has(table));
  return [
    `## ${operator.kind}`,
    '',
    operator.doc,
    '',
    ...keyTable(rows),
    ...own.flatMap((table) =>
      section(
        table.title === operator.kind ? { ...table, title: `Keys of \`${table.title}\`` } : table,
        3,
      ),
    ),
    fence(operator.example),
  ];
}

function problemPage(codes: Readonly<Record<string, CodeText>>): string {
  return page(
    'Problems',
    Object.entries(codes).flatMap(([code, { title, explanation, example }]) => [
      `## ${code}`,
      '',
      `**${title}.** ${explanation}`,
      '',
      '```text',
      example,
      '```',
      '',
    ]),
  );
}

function operatorTables(operator: Operator): TableDoc[] {
  const fields = [operator.main, ...Object.values(operator.beside)].map(({ field }) => field);
  return [...new Set(fields.flatMap((field) => field.tables.flatMap(collect)))];
}

/** A table and all below it, each once. */
function collect(table: TableDoc): TableDoc[] {
  return [...new Set([table, ...table.nested.flatMap(collect)])];
}

function section(table: TableDoc, level: number): string[] {
  return [
    `${'#'.repeat(level)} ${table.title}`,
    '',
    table.doc,
    '',
    ...keyTable(table.rows),
    ...(table.example === undefined ? [] : [fence(table.example)]),
  ];
}

function keyTable(rows: readonly RowDoc[]): string[] {
  return [
    '| key | type | default | what it says |',
    '|---|---|---|---|',
    ...rows.map(({ key, type, required, default: absent, doc }) => {
      const otherwise = required ? '**required**' : (absent ?? '');
      return `| \`${key}\` | ${type} | ${otherwise} | ${doc} |`;
    }),
    '',
  ];
}

function fence(yaml: string): string {
  return `\`\`\`yaml\n${yaml.trimEnd()}\n\`\`\`\n`;
}

function page(title: string, lines: readonly string[]): string {
  return `${[notice, '', `# ${title}`, '', ...lines].join('\n').trimEnd()}\n`;
}
