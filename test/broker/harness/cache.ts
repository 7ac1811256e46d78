import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Folder for what is fetched or compiled once on this machine. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'millrace');
}

/**
 * `folder`, filled by `fill` where it does not exist yet. It appears whole or not at all: `fill`
 * writes into a temporary folder beside it. Of several processes one fills, the others wait; one
 * that died while filling is replaced.
 * @throws what `fill` throws
 */
export async function cachedFolder(
  folder: string,
  fill: (folder: string) => Promise<void>,
): Promise<string> {
  await mkdir(dirname(folder), { recursive: true });
  const lock = `${folder}.lock`;
  while (!existsSync(folder)) {
    if (!(await tryLock(lock))) {
      await sleep(100);
      continue;
    }
    try {
      if (!existsSync(folder)) await fillWhole(folder, fill);
    } finally {
      rmSync(lock, { force: true });
    }
  }
  return folder;
}

async function fillWhole(folder: string, fill: (folder: string) => Promise<void>): Promise<void> {
  const temporary = await mkdtemp(`${folder}.`);
  try {
    await fill(temporary);
    renameSync(temporary, folder);
  } catch (error) {
    // Two may fill at once where a lock was broken in vain: the second finds the first's, as good.
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Takes the lock, or breaks it where its owner is dead; false where somebody holds it. */
async function tryLock(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, `${process.pid}`, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  if (!isAlive(ownerOf(lock))) rmSync(lock, { force: true });
  return false;
}

/** The process that holds the lock; undefined while it is being written or taken away. */
function ownerOf(lock: string): number | undefined {
  try {
    return Number(readFileSync(lock, 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
