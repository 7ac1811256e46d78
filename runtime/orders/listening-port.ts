import type { ChildProcess } from 'node:child_process';
import { ConfigError } from '../../topology/core/errors.ts';

const startMs = 10_000;

/**
 * The port that a server in a child process names on its standard output (`listening on 8081`).
 * @throws {ConfigError} PROVIDER_FAILED when it does not, with its own words; `what` is its name for people
 */
export function listeningPort(child: ChildProcess, what: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let out = '';
    let words = '';
    const failed = (how: string): void => {
      clearTimeout(timer);
      const message = `${what} ${how}: ${words.trim()}`.replace(/: $/, '');
      reject(new ConfigError('PROVIDER_FAILED', message));
    };
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      failed(`did not listen within ${startMs / 1000} s`);
    }, startMs);
    child.stderr?.on('data', (chunk: Buffer) => (words += chunk.toString()));
    child.stdout?.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      const port = /^listening on (\d+)$/m.exec(out)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      resolve(Number(port));
    });
    child.on('error', (error) => failed(`cannot be started (${error.message})`));
    child.on('close', (code) => failed(`ended with code ${code}`));
  });
}
