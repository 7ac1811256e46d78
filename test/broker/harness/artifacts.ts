import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cachedFolder, cacheFolder } from './cache.ts';
import { run } from './run.ts';

/** The version of Kafka that the tests run against. */
export const kafkaVersion = '4.3.1';

/** The oldest version that Millrace works with: some tests run against it, too. */
export const oldestKafkaVersion = '3.6.2';

/** The version of Apicurio, the schema registry that the tests run against. */
export const registryVersion = '2.6.13.Final';

/** Broker and tools, and a logger that writes to standard error. */
const brokerArtifacts = ['kafka_2.13', 'kafka-tools'];

/** Kafka Streams with its test driver. */
const streamsArtifacts = ['kafka-streams', 'kafka-streams-test-utils'];

/** Where {@link kafkaLibrary} is, or will be. */
export function kafkaLibraryFolder(version: string = kafkaVersion): string {
  return join(cacheFolder(), 'kafka', version);
}

/**
 * The folder that holds the jars of Kafka and of all that it needs, fetched with Maven the first
 * time (126 MB; another version than {@link kafkaVersion} without Kafka Streams, 56 MB).
 * @throws Error with Maven's last lines where they cannot be had
 */
export async function kafkaLibrary(version: string = kafkaVersion): Promise<string> {
  return cachedFolder(kafkaLibraryFolder(version), async (folder) => {
    const pom = join(folder, 'pom.xml');
    const names = [...brokerArtifacts, ...(version === kafkaVersion ? streamsArtifacts : [])];
    const artifacts = names.map((name) => ['org.apache.kafka', name, version] as const);
    await writeFile(pom, pomOf([...artifacts, ['org.slf4j', 'slf4j-simple', '1.7.36']]));
    // Kafka 3 brings a logger that writes nothing unless it is configured, and takes the place of ours.
    const without = '-DexcludeArtifactIds=slf4j-reload4j';
    const to = `-DoutputDirectory=${folder}`;
    await maven(['-f', pom, 'dependency:copy-dependencies', without, to]);
  });
}

/**
 * The folder that holds the registry's program and its jars, fetched with Maven the first time
 * (142 MB).
 * @throws Error with Maven's last lines where it cannot be had
 */
export async function registryFolder(): Promise<string> {
  return cachedFolder(join(cacheFolder(), 'apicurio', registryVersion), async (folder) => {
    const artifact = `io.apicurio:apicurio-registry-app:${registryVersion}:tar.gz:all`;
    await maven(['dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`]);
    const archive = `apicurio-registry-app-${registryVersion}-all.tar.gz`;
    const { code, stderr } = await run('tar', ['xzf', archive], { cwd: folder });
    if (code !== 0) throw new Error(`tar xzf ${archive} failed:\n${stderr}`);
    await rm(join(folder, archive));
  });
}

/**
 * Runs Maven without questions and with little output.
 * @throws Error with its last lines
 */
export async function maven(args: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await run('mvn', ['-q', '-B', ...args], { timeoutMs: 600_000 });
  if (code === 0) return;
  const lines = `${stdout}${stderr}`.trim().split('\n').slice(-15).join('\n');
  throw new Error(`mvn ${args.join(' ')} ended with code ${code}:\n${lines}`);
}

/** A project that does nothing but depend on the artifacts. */
function pomOf(artifacts: readonly (readonly [string, string, string])[]): string {
  const dependencies = artifacts.map(
    ([group, artifact, version]) =>
      `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId>` +
      `<version>${version}</version></dependency>`,
  );
  return (
    '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>' +
    '<groupId>local</groupId><artifactId>kafka</artifactId><version>1</version>' +
    `<dependencies>${dependencies.join('')}</dependencies></project>\n`
  );
}
