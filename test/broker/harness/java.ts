import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { kafkaLibrary, kafkaVersion } from './artifacts.ts';
import { cacheFolder } from './cache.ts';
import { reapProcess } from './reaper.ts';
import { type Ended, run, type RunOptions } from './run.ts';

/** Many short-lived processes on few cores: what counts is the time to start. */
const fastStart = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn';

/** Runs a main class of Kafka's jars (or of `classes`, a folder) to its end. @throws as {@link run} */
export async function runJava(
  main: string,
  args: readonly string[],
  options: RunOptions & { readonly classes?: string } = {},
): Promise<Ended> {
  const classPath = await kafkaClassPath(options.classes);
  return run('java', [...fastFlags(), '-Xmx512m', quiet, '-cp', classPath, main, ...args], options);
}

/** Classes of a broker as they lie in memory; made by `class-archive.ts`, good for all of Kafka's programs. */
export function classArchiveFile(): string {
  return join(cacheFolder(), 'kafka-classes', kafkaVersion, 'broker.jsa');
}

/** Another Java ignores an archive that it cannot use, and says so: that is noise, here. */
function fastFlags(): string[] {
  const archive = classArchiveFile();
  if (!existsSync(archive)) return fastStart;
  return [...fastStart, `-XX:SharedArchiveFile=${archive}`, '-Xlog:cds=off', '-Xshare:auto'];
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
  const all = [...fastFlags(), ...args];
  const log = openSync(logFile, 'a');
  try {
    const child = spawn('java', all, { detached: true, stdio: ['ignore', log, log] });
    reapProcess(child);
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}
