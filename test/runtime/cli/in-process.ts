import { PassThrough } from 'node:stream';
import { Console } from '../../../runtime/cli/console.ts';
import { runCommandLine } from '../../../runtime/cli/program.ts';
import type { CliResult } from './cli.ts';

/** Runs a command line in this process: for commands that leave nothing behind. */
export async function inProcess(...args: readonly string[]): Promise<CliResult> {
  const [out, err, input] = [new PassThrough(), new PassThrough(), new PassThrough()];
  let stdout = '';
  let stderr = '';
  out.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  err.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await runCommandLine(args, new Console({ out, err, input }), '1.2.3');
  return { code, stdout, stderr };
}
