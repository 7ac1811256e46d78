#!/usr/bin/env node
import { existsSync, readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { growHeapWithNeed } from '../heap.ts';
import { Console } from './console.ts';
import { written } from './written.ts';

growHeapWithNeed();
// Halves the time that a command takes to start, from the second one on. What is imported before
// this line is not cached.
enableCompileCache();
const { runCommandLine } = await import('./program.ts');

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});
const { stdout: out, stderr: err, stdin: input } = process;
const console = new Console({ out, err, input });
const code = await runCommandLine(process.argv.slice(2), console, version());
await written(out, err);
// An exit at once: timers and sockets of the user's processors do not keep a command that is over.
process.exit(code);

/** Of the package that this file belongs to, in the repository or built. */
function version(): string {
  for (const path of ['../../package.json', '../../../package.json']) {
    const url = new URL(path, import.meta.url);
    if (!existsSync(url)) continue;
    const { name, version } = JSON.parse(readFileSync(url, 'utf8')) as Record<string, string>;
    if (name === 'millrace') return String(version);
  }
  return 'unknown';
}
