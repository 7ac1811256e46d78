import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { Cli, type CliResult } from '../../runtime/cli/cli.ts';
import { expectGolden } from '../../runtime/cli/golden.ts';
import { projects } from '../../runtime/cli/project.ts';

const project = projects();

// A test starts several processes, beside brokers.
vi.setConfig({ testTimeout: 300_000 });

/** What a project of a test is made of. */
export interface KafkaProjectOptions {
  /** Name of the application, and beginning of its topics' names. */
  readonly name: string;
  readonly brokers: readonly string[];
  /** More of `kafka:` in the runner file, YAML of one line each. */
  readonly kafka?: readonly string[];
  /** Of `streams.said`. @defaultValue 2 partitions */
  readonly said?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** More files; `words.yaml` replaces the topology. */
  readonly files?: Readonly<Record<string, string>>;
}

/** A topology on plain texts: what is said comes out loud, and is counted. */
export function wordsTopology(name: string, said = 'partitions: 2'): string {
  const text = 'key: string, value: string, format: string';
  const declared = said === '' ? '' : `, ${said}`;
  return `application: ${name}
streams:
  said: { topic: ${name}-said, ${text}${declared} }
  loud: { topic: ${name}-loud, ${text} }
stages:
  shout: { from: said, map-values: { expr: 'value + "!"' }, to: loud }
  counts: { from: said, group-by: key, count: { store: counts }, drop: [out] }
`;
}

/** A folder with a topology and a runner file for a Kafka cluster, and the real command line in it. */
export class KafkaProject {
  readonly folder: string;
  readonly name: string;
  private readonly options: KafkaProjectOptions;

  constructor(options: KafkaProjectOptions) {
    this.options = options;
    this.name = options.name;
    const { name, brokers, kafka = [], said } = options;
    const settings = [`brokers: [${brokers.map((it) => `'${it}'`).join(', ')}]`, ...kafka];
    this.folder = project({
      'package.json': '{ "type": "module" }\n',
      'millrace.yaml': `log: kafka\nkafka:\n${settings.map((line) => `  ${line}\n`).join('')}`,
      'words.yaml': wordsTopology(name, said),
      ...options.files,
    });
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.folder, file), text);
  }

  start(...args: readonly string[]): Cli {
    const { env } = this.options;
    return new Cli(args, { cwd: this.folder, ...(env === undefined ? {} : { env }) });
  }

  /** Starts `millrace run`; resolves when the application runs. */
  async service(): Promise<Cli> {
    const running = this.start('run', 'words.yaml');
    await running.until(({ stderr }) => stderr.includes('runs on Kafka'));
    return running;
  }

  /** Runs a command to its end. */
  run(...args: readonly string[]): Promise<CliResult> {
    return this.start(...args).ended;
  }

  /** Compares with `test/golden/cli/NAME.txt` how `millrace run` ends, however far it came before. */
  async expectRun(golden: string): Promise<void> {
    const args = ['run', 'words.yaml', '--until-caught-up'];
    const { stderr, ...result } = await this.run(...args);
    const end = stderr.replace(/^application .* runs on .*\n/, '');
    await this.expectGolden(golden, args, { ...result, stderr: end });
  }

  /** Compares with `test/golden/cli/NAME.txt`. */
  async expectGolden(golden: string, args: readonly string[], result: CliResult): Promise<void> {
    const { code, stdout, stderr } = result;
    const steady = (text: string): string =>
      text
        .replaceAll(this.name, 'words')
        .replaceAll(
          `--bootstrap-server ${this.options.brokers.join(',')}`,
          '--bootstrap-server <brokers>',
        )
        .replace(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g, '<slot>')
        // The brokers' own words differ from version to version.
        .replace(/(\([A-Z_]+\)): .*?(?=; it needs|$)/m, '$1: <what the broker says>')
        // How a connection ends that both sides do not understand is a matter of moments.
        .replace(/connection reset|the broker closed it(?= \()/, '<it ends>');
    const shown = { code, stdout: steady(stdout), stderr: steady(stderr) };
    await expectGolden(golden, args, shown, this.folder);
  }

  /** Committed values of a topic, as `millrace topics read` has them. */
  async values(topic: string, order: 'sorted' | 'as they are' = 'sorted'): Promise<string[]> {
    const values = (await this.read(topic, '--value', 'string')).map(String);
    return order === 'sorted' ? values.toSorted() : values;
  }

  /** What `millrace topics read` says that the values of a topic are. */
  async read(topic: string, ...args: readonly string[]): Promise<unknown[]> {
    const { code, stdout, stderr } = await this.run('topics', 'read', topic, ...args);
    expect([code, stderr]).toEqual([0, '']);
    const lines = stdout.split('\n').filter((line) => line !== '');
    return lines.map((line) => (JSON.parse(line) as { value: unknown }).value);
  }

  /** Expects a run that nothing is in the way of, and each of these words to come out once, in all runs so far. */
  async expectCatchesUp(...words: readonly string[]): Promise<void> {
    const { code, stderr } = await this.run('run', 'words.yaml', '--until-caught-up');
    expect([code, stderr]).toEqual([0, expect.stringContaining('has caught up: ')]);
    expect(await this.values(`${this.name}-loud`)).toEqual(
      words.map((word) => `${word}!`).toSorted(),
    );
  }
}
