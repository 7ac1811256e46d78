import { afterAll, describe, expect, test } from 'vitest';
import { readPage } from './pages.ts';
import { Workspace } from './workspace.ts';

/** The order system runs through its whole sample. */
const slowMs = 180_000;

describe('README.md', () => {
  const workspace = new Workspace('repository');
  afterAll(() => workspace.remove());

  test(
    'is true, command by command',
    async () => {
      expect(await workspace.follow(readPage('README.md'), 'README.md')).toBeGreaterThan(4);
    },
    slowMs,
  );
});
