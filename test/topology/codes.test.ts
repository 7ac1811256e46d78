import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { problemCodes, syntaxCodes } from '../../topology/codes.ts';
import { expressionCodes } from '../../topology/expression/codes.ts';
import { graphCodes } from '../../topology/graph/codes.ts';

const root = new URL('../../topology/', import.meta.url);

/** Text of all files of a folder below topology, the table of codes left out. */
function source(folder: string): string {
  return readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && file !== 'codes.ts')
    .map((file) => readFileSync(new URL(`${folder}/${file}`, root), 'utf8'))
    .join('\n');
}

describe('problemCodes', () => {
  test('has every code of every table once, sorted', () => {
    const tables = [syntaxCodes, expressionCodes, graphCodes].flatMap((table) =>
      Object.keys(table),
    );
    expect(new Set(tables).size).toBe(tables.length);
    expect(Object.keys(problemCodes)).toEqual(tables.toSorted());
  });

  test('explains exactly the codes that reading a file reports', () => {
    const used = (source('definition') + source('yaml')).match(/(?<=')E\d{3}(?=')/g);
    expect([...new Set(used)].toSorted()).toEqual(Object.keys(syntaxCodes));
  });

  test('explains each with a title, a sentence and an example', () => {
    for (const [code, { title, explanation, example }] of Object.entries(problemCodes)) {
      expect([code, title]).toEqual([code, expect.stringMatching(/^[^.]+$/)]);
      expect([code, explanation]).toEqual([code, expect.stringMatching(/[.:]$/)]);
      expect([code, example.length > 5]).toEqual([code, true]);
    }
  });
});
