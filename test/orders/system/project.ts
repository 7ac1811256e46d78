import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');

/** A copy of the order system's files, to be changed by a test. */
export interface Project {
  readonly folder: string;
  /** A topology file of it. */
  topology(name: string): string;
  /** Copies files from the repository into it. */
  add(...paths: readonly string[]): Promise<void>;
  remove(): Promise<void>;
}

/** The files that make `loyalty`, and nothing else. */
export const loyaltyFiles = [
  'topology/orders/loyalty.yaml',
  'processors/orders/award.ts',
  'schemas/orders/loyalty.ts',
  'schemas/orders/points-award.avsc',
  'schemas/orders/points-change.avsc',
] as const;

/** Copies the order system, without some of its files, and with other contents for some. */
export async function copyProject(
  without: readonly string[] = [],
  instead: Readonly<Record<string, string>> = {},
): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), 'order-system-'));
  const left = new Set(without.map((path) => join(root, path)));
  for (const part of ['topology', 'processors', 'schemas']) {
    await cp(join(root, part), join(folder, part), {
      recursive: true,
      filter: (source) => !left.has(source),
    });
  }
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }\n');
  for (const [path, text] of Object.entries(instead)) await writeFile(join(folder, path), text);
  return {
    folder,
    topology: (name) => join(folder, 'topology/orders', `${name}.yaml`),
    async add(...paths) {
      for (const path of paths) await cp(join(root, path), join(folder, path));
    },
    remove: () => rm(folder, { recursive: true, maxRetries: 5 }),
  };
}
