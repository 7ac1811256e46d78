import type { Header } from '../../topology/core/record.ts';
import type { Definition } from '../../topology/definition/definition.ts';
import { parseTopology } from '../../topology/yaml/parse.ts';

/** The definition of a topology file that has no problems. */
export function definitionOf(text: string): Definition {
  const { definition, problems } = parseTopology(text, 'test.yaml');
  const [problem] = problems;
  if (problem !== undefined) throw new Error(problem.message);
  return definition as Definition;
}

/**
 * A topology with one `process` stage `run` from stream `numbers` to stream `results`, on keys of
 * text and numbers; failures go to `one.dead-letters`.
 */
export function oneStage(beside = '', errors = 'dead-letter: one.dead-letters'): Definition {
  return definitionOf(`
application: one
streams:
  numbers: { topic: numbers, key: string, value: long }
  results: { topic: results, key: string, value: long }
${beside.includes('stores:') ? 'stores: { memory: { key: string, value: long, ttl: none, why: a test } }' : ''}
stages:
  run: { in: { in: numbers }, process: run, ${beside} out: { out: { key: string, value: long } } }
  send: { from: run.out, to: results }
errors: { default: { ${errors} } }
`);
}

/** Headers of a dead letter, without their common prefix, as text. */
export function errorHeaders({
  headers,
}: {
  readonly headers: readonly Header[];
}): Readonly<Record<string, string>> {
  const prefix = '__streams.errors.';
  return Object.fromEntries(
    headers
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), String(value)]),
  );
}
