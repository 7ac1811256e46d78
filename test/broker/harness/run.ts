import { type SpawnOptions, spawn } from 'node:child_process';

/** How a program ended and what it wrote. */
export interface Ended {
  /** Exit code; undefined where a signal ended it. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** How {@link run} runs a program. */
export interface RunOptions {
  /** Written to its standard input, which is then closed. Empty by default. */
  readonly input?: string;
  /** The program is killed after that; 60,000 by default. */
  readonly timeoutMs?: number;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Runs a program to its end.
 * @throws Error where it cannot be started, or did not end in time (with what it had written)
 */
export function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  const { timeoutMs = 60_000, input = '', cwd, env = process.env } = options;
  const spawnOptions: SpawnOptions = { env, ...(cwd === undefined ? {} : { cwd }) };
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args], { ...spawnOptions, stdio: 'pipe' });
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => (texts[name] += text));
    }
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      if (!late) return resolve({ code: code ?? undefined, ...texts });
      const wrote = `${texts.stdout}${texts.stderr}`.slice(-2000);
      reject(new Error(`${program} ${args.join(' ')} did not end in ${timeoutMs} ms:\n${wrote}`));
    });
    // A program that ends without reading its input is none of our concern.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}
