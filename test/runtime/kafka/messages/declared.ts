import { readdirSync } from 'node:fs';
import type { Api } from '../../../../runtime/kafka/protocol/api.ts';

const folder = new URL('../../../../runtime/kafka/messages/', import.meta.url);

/** All messages that `runtime/kafka/messages` declares, by API key. */
export async function declaredApis(): Promise<readonly Api<unknown, unknown>[]> {
  const apis: Api<unknown, unknown>[] = [];
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.ts'))) {
    const exports = (await import(new URL(file, folder).href)) as Readonly<Record<string, unknown>>;
    apis.push(...Object.values(exports).filter(isApi));
  }
  return apis.toSorted((a, b) => a.key - b.key);
}

function isApi(value: unknown): value is Api<unknown, unknown> {
  return typeof value === 'object' && value !== null && 'decodeRequest' in value;
}
