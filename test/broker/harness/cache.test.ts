import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cachedFolder, cacheFolder } from './cache.ts';
import { run } from './run.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'millrace-cache-'));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('cachedFolder', () => {
  test('fills a folder once, also for those who ask at the same time', async () => {
    let fills = 0;
    const fill = async (folder: string): Promise<void> => {
      fills++;
      writeFileSync(join(folder, 'a'), 'content');
    };
    const folder = join(root, 'deep', 'thing');
    await Promise.all([cachedFolder(folder, fill), cachedFolder(folder, fill)]);
    expect(await cachedFolder(folder, fill)).toBe(folder);
    expect(fills).toBe(1);
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('content');
    expect(readdirSync(join(root, 'deep'))).toEqual(['thing']);
  });

  test('leaves nothing where filling failed, and tries again', async () => {
    const folder = join(root, 'thing');
    const fails = cachedFolder(folder, async (temporary) => {
      writeFileSync(join(temporary, 'half'), '');
      throw new Error('no network');
    });
    await expect(fails).rejects.toThrow('no network');
    expect(readdirSync(root)).toEqual([]);
    await cachedFolder(folder, async () => {});
    expect(readdirSync(root)).toEqual(['thing']);
  });

  test('does not wait for a process that died while it filled', async () => {
    const { stdout } = await run('sh', ['-c', 'echo $$']);
    const folder = join(root, 'thing');
    writeFileSync(`${folder}.lock`, stdout.trim());
    await cachedFolder(folder, async () => {});
    expect(existsSync(`${folder}.lock`)).toBe(false);
    expect(existsSync(folder)).toBe(true);
  });
});

describe('cacheFolder', () => {
  test('lies where the environment says, else in the home folder', () => {
    expect(cacheFolder({ XDG_CACHE_HOME: '/c' })).toBe('/c/millrace');
    expect(cacheFolder({})).toMatch(/\/\.cache\/millrace$/);
  });
});
