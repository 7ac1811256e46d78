import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { kafkaLibrary, kafkaVersion } from './artifacts.ts';
import { cachedFolder, cacheFolder } from './cache.ts';
import { reapProcess } from './reaper.ts';
import { type Ended, run, type RunOptions } from './run.ts';

/** Many short-lived processes on few cores: what counts is the time to start. */
export const fastStart: readonly string[] = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

/**
 * Runs a program against Kafka's jars to its end: a main class of theirs ({@link kafkaTools}), or a
 * `.java` file, which is compiled once. Warnings of Kafka's logger are on standard error.
 * @throws Error where the file does not compile; else as {@link run}
 */
export async function runJava(
  program: string,
  args: readonly string[],
  options: RunOptions & {
    /** Whose jars it runs against. @defaultValue {@link kafkaVersion} */
    readonly version?: string;
  } = {},
): Promise<Ended> {
  return run('java', [...(await programFlags(program, options.version)), ...args], options);
}

/** Arguments of `java` that start a program as {@link runJava} does, without the program's own. */
export async function programFlags(
  program: string,
  version: string = kafkaVersion,
): Promise<string[]> {
  const library = join(await kafkaLibrary(version), '*');
  const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn';
  const flags = [...fastFlags(version), '-Xmx512m', quiet, '-cp'];
  if (!program.endsWith('.java')) return [...flags, library, program];
  // The jars come first: an archive of classes is good only for paths that begin with its own.
  return [...flags, `${library}:${await compiled(program)}`, basename(program, '.java')];
}

/** Classes of a broker as they lie in memory; `class-archive.ts` makes it. Good for all of Kafka's programs. */
export function classArchiveFile(): string {
  return join(cacheFolder(), 'kafka-classes', kafkaVersion, 'broker.jsa');
}

/** Starts a node of Kafka as {@link spawnJava} does. */
export async function spawnNode(node: {
  readonly properties: string;
  readonly flags: readonly string[];
  readonly logFile: string;
  readonly version: string;
}): Promise<ChildProcess> {
  const { properties, flags, logFile, version } = node;
  const library = join(await kafkaLibrary(version), '*');
  const all = [...fastFlags(version), ...flags, '-cp', library, 'kafka.Kafka', properties];
  return spawnJava(all, logFile);
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

/** Another Java ignores an archive that it cannot use, and says so: that is noise, here. */
function fastFlags(version: string): string[] {
  const archive = classArchiveFile();
  // It is of one version's classes.
  if (version !== kafkaVersion || !existsSync(archive)) return [...fastStart];
  return [...fastStart, `-XX:SharedArchiveFile=${archive}`, '-Xlog:cds=off', '-Xshare:auto'];
}

/** Folder of the classes of a source file, compiled the first time that this text is seen. */
async function compiled(file: string): Promise<string> {
  const hash = createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
    .slice(0, 16);
  const name = `${basename(file, '.java')}-${kafkaVersion}-${hash}`;
  const library = join(await kafkaLibrary(), '*');
  return cachedFolder(join(cacheFolder(), 'java-classes', name), async (folder) => {
    const args = ['-cp', library, '-d', folder, file];
    const { code, stdout, stderr } = await run('javac', args);
    if (code !== 0) throw new Error(`javac ${file} failed:\n${stdout}${stderr}`);
  });
}
