import { readFileSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { expressionCodes } from '../../../topology/expression/codes.ts';

const folder = new URL('../../../topology/expression/', import.meta.url);

test('every code that is reported is documented, and the other way round', () => {
  const reported = new Set<string>();
  for (const name of readdirSync(folder)) {
    if (name === 'codes.ts') continue;
    const text = readFileSync(new URL(name, folder), 'utf8');
    for (const [, code] of text.matchAll(/'([EW]0[23]\d)'/g)) reported.add(code as string);
  }
  expect([...reported].sort()).toEqual(Object.keys(expressionCodes).sort());
});
