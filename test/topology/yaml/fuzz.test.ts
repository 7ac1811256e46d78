import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { problemsToJson } from '../../../topology/check/render-json.ts';
import { renderProblems } from '../../../topology/check/render.ts';
import { parseTopology } from '../../../topology/yaml/parse.ts';

const orders = readFileSync(
  new URL('../../golden/check/worked-example.yaml', import.meta.url),
  'utf8',
);

/** Pieces that tend to upset YAML. */
const piece = fc.oneof(
  fc.constantFrom('', ':', ': ', '- ', '{', '}', '[', ']', '"', "'", '#', '&a ', '*a', '!t ', '|'),
  fc.constantFrom('>-\n', '\n', '\r\n', '\t', '? ', '---\n', '...', '%', '\uFEFF', '😀', '\u0000'),
  fc.constantFrom('null', '~', '0x1F', '.inf', '1e3', 'true', '<<: *a', '__proto__: {}'),
);

describe('parseTopology on damaged files', () => {
  test('never throws, and every problem has a place that can be shown', () => {
    const edit = fc.tuple(fc.nat(orders.length), fc.nat(12), piece);
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        let text = orders;
        for (const [at, cut, insert] of edits) {
          text = text.slice(0, at) + insert + text.slice(at + cut);
        }
        const { definition, problems, source } = parseTopology(text, 'x.yaml');
        expect(definition !== undefined || problems.length > 0).toBe(true);
        const shown = renderProblems(problems, source, { limit: 1000 });
        expect(shown.match(/^x\.yaml:\d+:\d+ error\[E\d{3}\] \S/gm) ?? []).toHaveLength(
          problems.length,
        );
        for (const { line, endLine, column } of problemsToJson(problems, source)) {
          expect(line).toBeLessThanOrEqual(endLine ?? 0);
          expect(column).toBeGreaterThanOrEqual(1);
        }
        expect(JSON.parse(JSON.stringify(definition ?? null))).toStrictEqual(definition ?? null);
      }),
      { numRuns: 400 },
    );
  });

  test('counts columns of the first line without the byte order mark', () => {
    const { problems, source } = parseTopology('\uFEFFaplication: a\nstages: {}\n', 'x.yaml');
    expect(renderProblems(problems, source)).toBe(
      `x.yaml:1:1 error[E003] unknown key "aplication"
    1 | aplication: a
      | ^^^^^^^^^^ did you mean "application"?

1 error
`,
    );
  });
});
