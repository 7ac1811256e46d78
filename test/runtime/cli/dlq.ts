import { join } from 'node:path';
import { startApplication } from '../../../runtime/index.ts';
import { lineLogger } from '../../../runtime/logger.ts';
import { expect } from 'vitest';

/** A topology whose stage `loud` fails on words in `bad` of its processor file. */
export const shouting: Readonly<Record<string, string>> = {
  'package.json': '{ "type": "module" }\n',
  'words.yaml': `application: words
processors: processors
schemas: schemas
streams:
  said: { topic: said, key: string, value: text.Said, partitions: 1 }
  shouted: { topic: shouted, key: string, value: text.Said, partitions: 1 }
stages:
  loud: { from: said, map-values: { use: shout, as: text.Said }, to: shouted }
`,
  'schemas/said.avsc': `{ "type": "record", "name": "text.Said", "fields": [
    { "name": "word", "type": "string" },
    { "name": "at", "type": { "type": "long", "logicalType": "timestamp-millis" } } ] }\n`,
  'processors/shout.ts': `interface Said { readonly word: string; readonly at: number }
export function shout({ word, at }: Said): Said {
  if (word.startsWith('bad')) throw new Error('no way');
  return { word: word.toUpperCase(), at };
}
`,
};

/** Runs an application of a project on its folder `data` until it has caught up. */
export async function runToEnd(cwd: string, file = 'words.yaml'): Promise<void> {
  const application = await startApplication({
    topology: join(cwd, file),
    data: join(cwd, 'data'),
    logger: lineLogger(() => {}),
  });
  try {
    await expect.poll(() => application.caughtUp(), { timeout: 20_000 }).toBe(true);
  } finally {
    await application.close();
  }
}
