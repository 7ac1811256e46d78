import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reapFolder } from './reaper.ts';

/** A new empty folder, deleted at the latest when this process is gone. */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `millrace-${name}-`));
  reapFolder(folder);
  return folder;
}
