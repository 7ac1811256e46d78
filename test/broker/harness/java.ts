import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { kafkaLibrary } from './artifacts.ts';
import { reapProcess } from './reaper.ts';
import { type Ended, run, type RunOptions } from './run.ts';

/** Short-lived programs: start fast, take one core. */
const toolFlags = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xmx512m'];
const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn';

/** Runs a main class of Kafka's jars (or of `classes`, a folder) to its end. @throws as {@link run} */
export async function runJava(
  main: string,
  args: readonly string[],
  options: RunOptions & { readonly classes?: string } = {},
): Promise<Ended> {
  const classPath = await kafkaClassPath(options.classes);
  return run('java', [...toolFlags, quiet, '-cp', classPath, main, ...args], options);
}

/** Class path of Kafka's jars, and of a folder of classes before them. */
export async function kafkaClassPath(classes?: string): Promise<string> {
  const library = join(await kafkaLibrary(), '*');
  return classes === undefined ? library : `${classes}:${library}`;
}

/**
 * Starts a Java process that writes into a log file (at its end) and does not outlive this process.
 * It has a process group of its own, so that Ctrl-C is for this process alone.
 */
export function spawnJava(args: readonly string[], logFile: string): ChildProcess {
  const log = openSync(logFile, 'a');
  try {
    const child = spawn('java', [...args], { detached: true, stdio: ['ignore', log, log] });
    reapProcess(child);
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}
