import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { problemCodes } from '../../../topology/codes.ts';
import { topologyJsonSchema } from '../../../topology/definition/json-schema.ts';
import { operators } from '../../../topology/definition/nodes/operators.ts';
import { referenceMarkdown } from '../../../topology/definition/reference.ts';
import { parseTopology } from '../../../topology/yaml/parse.ts';

const pages = referenceMarkdown(problemCodes);
const validate = new Ajv({ strict: false }).compile(topologyJsonSchema());

/** YAML blocks of a page; one without `application` stands on the first block of its page. */
function examples(page: string): string[] {
  const blocks = [...(pages.get(page) ?? '').matchAll(/```yaml\n([\s\S]*?)```/g)].map(
    ([, yaml]) => yaml as string,
  );
  const [head] = blocks;
  return blocks
    .filter((yaml) => yaml.includes('\nstages:') || yaml.startsWith('stages:'))
    .map((yaml) => (yaml.startsWith('application:') ? yaml : `${head}${yaml}`));
}

const all = [...pages.keys()].flatMap((page) =>
  examples(page).map((yaml, i) => [`${page} ${i + 1}`, yaml] as const),
);

describe('referenceMarkdown', () => {
  test('has an example of every operator and every section', () => {
    expect(examples('operators.md')).toHaveLength(operators.length);
    expect(examples('topology-file.md').length).toBeGreaterThanOrEqual(6);
  });

  test.each(all)('example %s parses without problems and fits the schema', (_, yaml) => {
    expect(parseTopology(yaml, 'example.yaml').problems).toEqual([]);
    validate(parse(yaml));
    expect(validate.errors).toBeNull();
  });

  test.each([...pages])('docs/reference/%s is up to date (else: vitest -u)', async (file, text) => {
    await expect(text).toMatchFileSnapshot(`../../../docs/reference/${file}`);
  });

  test('says the defaults that the parser puts in', () => {
    const call = (more: string) => {
      const text = `application: a\nstages:\n  s: { from: a, call: c, request: { a: key }, idempotency-key: key, timeout: 1s, ${more} outcomes: { match: reply.s, unknown: { out: u } } }\n`;
      const parsed = parseTopology(text, 'x.yaml');
      expect(parsed.problems).toEqual([]);
      return parsed.definition;
    };
    const defaults = (title: string) => {
      const section = new RegExp(`### ${title}\\n[\\s\\S]*?(?=\\n### |\\n## |$)`).exec(
        pages.get('operators.md') ?? '',
      )?.[0];
      const rows = [
        ...(section ?? '').matchAll(/^\| `([a-z-]+)` \| .* \| `([^|`]+)` \| [^|]*\|$/gm),
      ];
      return rows.map(([, key, value]) => `${key}: ${value}`).join(', ');
    };
    expect(defaults('retry')).toContain('attempts: unlimited');
    const written = call(
      `retry: { ${defaults('retry')} }, concurrency: { ${defaults('concurrency')} },`,
    );
    expect(call('')).toStrictEqual(written);
    expect(call('retry: {}, concurrency: {},')).toStrictEqual(written);
  });
});
