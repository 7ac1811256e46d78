import type { Json } from '../comparable-plan.ts';
import type { Manifest, NodeManifest } from './manifest.ts';
import { bareKind, nameOfSchema } from './schema-text.ts';

/** True when a reader with the schema `reader` reads what one with `writer` wrote; JSON texts. */
export type Resolves = (reader: string, writer: string) => boolean;

/** Two manifests, with what several rules ask of them. */
export interface Comparison {
  readonly old: Manifest;
  readonly next: Manifest;
  /**
   * How two schemas go together, by fingerprint: `both` ways; `reads`: the new one reads the old; `no`: it
   * does not.
   */
  readonly schemas: (old: string, next: string) => 'same' | 'both' | 'reads' | 'no';
  /**
   * The same of bytes that hold a schema id unless they are primitive (keys, and values in stores):
   * without one Avro resolves nothing, and 8 bytes of a `long` would be read as another `double`.
   */
  readonly stored: Comparison['schemas'];
  /** Name of a schema, by fingerprint. */
  readonly schemaName: (fingerprint: string) => string;
  /** Old stage → new stage that looks like it under another name. */
  readonly renamed: ReadonlyMap<string, string>;
}

export function comparison(old: Manifest, next: Manifest, resolves: Resolves): Comparison {
  const textOf = (fingerprint: string): string =>
    next.schemas[fingerprint] ?? old.schemas[fingerprint] ?? '"null"';
  const schemas: Comparison['schemas'] = (before, after) => {
    if (before === after) return 'same';
    if (!resolves(textOf(after), textOf(before))) return 'no';
    return resolves(textOf(before), textOf(after)) ? 'both' : 'reads';
  };
  return {
    old,
    next,
    schemas,
    stored: (before, after) => {
      const [from, to] = [bareKind(textOf(before)), bareKind(textOf(after))];
      return from === to ? schemas(before, after) : 'no';
    },
    schemaName: (fingerprint) => nameOfSchema(textOf(fingerprint)),
    renamed: renames(old, next),
  };
}

/** Nodes of a manifest by the stage, stream or table that the author wrote. */
export function byAuthor(manifest: Manifest): ReadonlyMap<string, readonly Named[]> {
  const stages = new Map<string, Named[]>();
  for (const [name, node] of Object.entries(manifest.nodes)) {
    // Sources of repartition topics belong to no stage: topics are compared on their own.
    if (node.kind === 'source' && node.internal) continue;
    const nodes = stages.get(node.stage) ?? [];
    stages.set(node.stage, nodes);
    nodes.push({ name, ...node });
  }
  return stages;
}

export interface Named extends NodeManifest {
  readonly name: string;
}

/** True when two JSON values are the same; both canonical. */
export function isSame(a: Json | undefined, b: Json | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** A stage with state that is gone, and a new one that does the same with the same keys. */
function renames(old: Manifest, next: Manifest): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const [before, after] = [byAuthor(old), byAuthor(next)];
  for (const [name, nodes] of before) {
    if (after.has(name)) continue;
    const shape = shapeOf(name, nodes);
    if (shape === undefined) continue;
    for (const [candidate, others] of after) {
      if (before.has(candidate) || shapeOf(candidate, others) !== shape) continue;
      found.set(name, candidate);
    }
  }
  return found;
}

function shapeOf(name: string, nodes: readonly Named[]): string | undefined {
  const main = nodes.find((node) => node.name === name && node.kind === 'stage');
  if (main === undefined || main.stores.length === 0) return undefined;
  return JSON.stringify([main.form['operator'], main.form['outputs'], main.keys]);
}
