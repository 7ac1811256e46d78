import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { schemaFolder } from '../../../runtime/orders/shop-serdes.ts';
import { ordersTopology } from '../open-folder.ts';
import type { CallEffectName } from './call-steps.ts';

const processors = fileURLToPath(new URL('processors', import.meta.url));

const effects: Readonly<Record<CallEffectName, string>> = {
  idempotent: '{ idempotent: { window: 24h } }',
  lookup: 'lookup',
  'at-most-once': 'at-most-once',
};

/** Writes `orders.yaml` of the order system with another effect of its call into a folder; returns its path. */
export async function writeTopology(folder: string, effect: CallEffectName): Promise<string> {
  let text = await readFile(ordersTopology, 'utf8');
  const replace = (pattern: RegExp, by: string): void => {
    if (!pattern.test(text)) throw new Error(`orders.yaml has no ${pattern}`);
    text = text.replace(pattern, by);
  };
  replace(/^processors: \S+/m, `processors: ${processors}`);
  replace(/^schemas: \S+/m, `schemas: ${schemaFolder}`);
  replace(/effect: \{ idempotent: \{ window: 24h \} \}/, `effect: ${effects[effect]}`);
  // Time-outs are the machine's: a call that is parked, or waits for the breaker, would outlast the life that waits for it.
  replace(/cool-down: 15s/, 'cool-down: 1s');
  if (effect !== 'at-most-once') replace(/attempts: 4/, 'attempts: unlimited');
  // A look-up comes one time-out after a restart: lives are short.
  if (effect === 'lookup') replace(/timeout: 2s/, 'timeout: 1s');
  if (effect === 'at-most-once') {
    replace(/retry: \{ attempts: 4[^}]*\}/, 'retry: { attempts: 1 }');
    replace(/unknown: +\{ park: 5m, times: 12, then: undecided \}/, 'unknown: { out: undecided }');
  }
  const file = join(folder, 'topology', 'orders.yaml');
  await mkdir(join(folder, 'topology'), { recursive: true });
  await writeFile(file, text);
  return file;
}
