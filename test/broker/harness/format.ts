import { createHash, randomBytes } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { kafkaVersion } from './artifacts.ts';
import { cachedFolder, cacheFolder } from './cache.ts';
import { type ClusterOptions, users } from './cluster-options.ts';
import { runJava } from './java.ts';
import { clientListeners, isSasl } from './node-properties.ts';

const clusterId = 'MkU3OEVBNTcwNTJENDM2Qg';

/**
 * Makes `data` the empty log folder of a node. `StorageTool` takes as long as a broker's start, so
 * its result is kept per set of arguments, and only the ids are changed.
 * @throws Error with what `StorageTool` said
 */
export async function formatNode(data: string, id: number, options: ClusterOptions): Promise<void> {
  const template = await formatted(formatArguments(options), options.version ?? kafkaVersion);
  await mkdir(data, { recursive: true });
  for (const name of await readdir(template)) {
    if (name === 'meta.properties') {
      const text = await readFile(join(template, name), 'utf8');
      await writeFile(join(data, name), withIds(text, id));
    } else {
      await copyFile(join(template, name), join(data, name));
    }
  }
}

/** What `StorageTool format` is given besides the properties. */
export function formatArguments(options: ClusterOptions): string[] {
  const features = Object.entries(options.features ?? {}).flatMap(([name, level]) => [
    '--feature',
    `${name}=${level}`,
  ]);
  if (!clientListeners(options).some(isSasl)) return features;
  const mechanisms = ['SCRAM-SHA-256', 'SCRAM-SHA-512'];
  const scram = Object.entries(users).flatMap(([name, password]) =>
    mechanisms.flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name=${name},password=${password}]`,
    ]),
  );
  return [...features, ...scram];
}

async function formatted(args: readonly string[], version: string): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(args)).digest('hex').slice(0, 16);
  const folder = join(cacheFolder(), 'kafka-formatted', `${version}-${hash}`);
  const whole = await cachedFolder(folder, async (temporary) => {
    const properties = join(temporary, 'server.properties');
    await writeFile(
      properties,
      [
        'process.roles=broker,controller',
        'node.id=1',
        'controller.quorum.voters=1@127.0.0.1:1',
        'listeners=PLAINTEXT://127.0.0.1:2,CONTROLLER://127.0.0.1:1',
        'controller.listener.names=CONTROLLER',
        `log.dirs=${join(temporary, 'data')}`,
      ].join('\n'),
    );
    const all = ['format', '-t', clusterId, '-c', properties, ...args];
    const { code, stdout, stderr } = await runJava('kafka.tools.StorageTool', all, { version });
    if (code !== 0) throw new Error(`StorageTool format failed:\n${stdout}${stderr}`);
  });
  return join(whole, 'data');
}

/** `meta.properties` with another node's id, and a directory's id of its own. */
function withIds(text: string, id: number): string {
  return text
    .replace(/^node\.id=.*$/m, `node.id=${id}`)
    .replace(/^directory\.id=.*$/m, `directory.id=${randomBytes(16).toString('base64url')}`);
}
