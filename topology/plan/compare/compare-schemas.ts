import type { Comparison } from './comparison.ts';
import type { Difference } from './difference.ts';
import type { Manifest } from './manifest.ts';
import { nameOfSchema } from './schema-text.ts';

/**
 * Schemas that changed where no topic, store or call of both versions has them: what a stage gives
 * the next one in the same task. Nothing of it is stored.
 */
export function compareSchemas(both: Comparison): Difference[] {
  const before = byName(both.old);
  const elsewhere = compared(both);
  return [...byName(both.next)].flatMap(([name, texts]): Difference[] => {
    const old = before.get(name);
    if (old === undefined || old === texts || elsewhere.has(name)) return [];
    const change = 'it is of another version';
    return [{ verdict: 'rolling', subject: { kind: 'schema', name }, change }];
  });
}

/** Name of each schema → its texts, as one. */
function byName(manifest: Manifest): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const text of Object.values(manifest.schemas).toSorted()) {
    const name = nameOfSchema(text);
    texts.set(name, `${texts.get(name) ?? ''}${text}\n`);
  }
  return texts;
}

/** Names of the schemas that changed at a topic, store or call, and are reported there. */
function compared({ old, next, schemaName }: Comparison): ReadonlySet<string> {
  const names = new Set<string>();
  for (const section of ['topics', 'stores', 'calls'] as const) {
    const [before, after] = [old[section], next[section]] as readonly Section[];
    for (const [name, parts] of Object.entries(after ?? {})) {
      for (const part of ['key', 'value', 'request', 'reply'] as const) {
        const [from, to] = [before?.[name]?.[part], parts[part]];
        if (from !== undefined && to !== undefined && from !== to) names.add(schemaName(to));
      }
    }
  }
  return names;
}

type Section = Readonly<
  Record<string, { readonly [part in 'key' | 'value' | 'request' | 'reply']?: string }>
>;
