import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const reaper = fileURLToPath(new URL('reaper.ts', import.meta.url));

/** Starts a program that is to be reaped, and says its id; lives until it is killed. */
const owner = (folder: string): string => `
  import { spawn } from 'node:child_process';
  import { reapFolder, reapProcess } from ${JSON.stringify(reaper)};
  reapFolder(${JSON.stringify(folder)});
  const short = spawn('true');
  reapProcess(short);
  short.once('exit', () => {
    const long = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
    reapProcess(long);
    console.log(long.pid);
  });
  setInterval(() => {}, 1_000);
`;

/** True while a process runs; a dead one that nobody has asked about does not. */
async function runs(pid: number): Promise<boolean> {
  const ps = spawn('ps', ['-o', 'stat=', '-p', `${pid}`]);
  let text = '';
  ps.stdout.on('data', (bytes: Buffer) => (text += bytes.toString()));
  await once(ps, 'close');
  return text.trim() !== '' && !text.startsWith('Z');
}

test('what a process started dies with it, even where it is killed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-reaper-'));
  const args = ['--input-type=module-typescript', '-e', owner(folder)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [bytes] = (await once(child.stdout, 'data')) as [Buffer];
  const pid = Number(bytes.toString());
  expect(await runs(pid)).toBe(true);
  child.kill('SIGKILL');
  const deadline = Date.now() + 20_000;
  while (((await runs(pid)) || existsSync(folder)) && Date.now() < deadline) await sleep(50);
  expect(await runs(pid)).toBe(false);
  expect(existsSync(folder)).toBe(false);
});
