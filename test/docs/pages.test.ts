import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { anchorsOf, linksOf, pagePaths, readPage } from './pages.ts';
import { Workspace } from './workspace.ts';

const slowMs = 300_000;
const executed = [
  ['docs/dead-letters.md', 'project'],
  ['docs/getting-started.md', 'project'],
  ['docs/testing.md', 'project'],
  ['docs/order-system.md', 'repository'],
  ['docs/queries.md', 'project'],
  ['docs/registry.md', 'project'],
  ['docs/running.md', 'project'],
  ['docs/schema-evolution.md', 'project'],
] as const;

describe('pages with commands', () => {
  test.each(executed)(
    '%s is true, command by command',
    async (path, kind) => {
      const workspace = new Workspace(kind);
      try {
        const page = readPage(path);
        expect(await workspace.follow(page, path)).toBeGreaterThan(0);
        const writesCode = kind === 'project' && page.includes('```ts');
        if (writesCode) expect(await workspace.typeCheck()).toBe('');
      } finally {
        workspace.remove();
      }
    },
    slowMs,
  );
});

describe('links', () => {
  test.each(pagePaths())('of %s lead somewhere', (path) => {
    const broken = linksOf(readPage(path)).filter(({ path: to, anchor }) => {
      const target = to === '' ? path : posix.join(posix.dirname(path), to);
      if (!existsSync(new URL(`../../${target}`, import.meta.url))) return true;
      return anchor !== '' && !anchorsOf(readPage(target)).includes(anchor);
    });
    expect(broken).toEqual([]);
  });
});
