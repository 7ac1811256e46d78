import { basename, dirname, join } from 'node:path';
import { cachedFolder } from './cache.ts';
import { classArchiveFile } from './java.ts';

/**
 * Makes the archive of a broker's classes, once on this machine: with it a node starts in half the
 * time. `trial` starts a broker with the given flags and stops it in good order. Where no archive
 * comes of it, brokers start without.
 * @throws what `trial` throws
 */
export async function classArchive(
  trial: (flags: readonly string[]) => Promise<void>,
): Promise<void> {
  const file = classArchiveFile();
  await cachedFolder(dirname(file), async (folder) => {
    await trial([`-XX:ArchiveClassesAtExit=${join(folder, basename(file))}`]);
  });
}
