import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { registryFolder, registryVersion } from './artifacts.ts';
import { fastStart, spawnJava } from './java.ts';
import { freePorts } from './ports.ts';
import { isRunning, untilStarted } from './started.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** Where Apicurio serves the API of Confluent's registry. */
export const registryPath = '/apis/ccompat/v7';

/** A schema registry of this process's own, in memory. */
export interface Registry {
  /** Of the Confluent-compatible API. */
  readonly url: string;
  /** Ends it; its schemas are gone. */
  close(): Promise<void>;
}

/**
 * Starts a schema registry on this machine's Java; it dies with this process.
 * @throws Error with its log where it does not start
 */
export async function startRegistry(): Promise<Registry> {
  const home = await registryFolder();
  const folder = temporaryFolder('registry');
  const logFile = join(folder, 'registry.log');
  const [port = 0] = await freePorts(1);
  const child = spawnJava(
    [
      ...fastStart,
      '-Xmx512m',
      '-Dquarkus.http.host=127.0.0.1',
      `-Dquarkus.http.port=${port}`,
      '-jar',
      join(home, `apicurio-registry-app-${registryVersion}-runner.jar`),
    ],
    logFile,
  );
  const close = async (): Promise<void> => {
    if (isRunning(child)) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const name = 'the schema registry';
    await untilStarted({ child, logFile, from: 0, text: 'started in', name, patienceMs: 120_000 });
  } catch (error) {
    await close();
    throw error;
  }
  return { url: `http://127.0.0.1:${port}${registryPath}`, close };
}
