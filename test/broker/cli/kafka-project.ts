import { Cli, type CliResult } from '../../runtime/cli/cli.ts';
import { expectGolden } from '../../runtime/cli/golden.ts';
import { projects } from '../../runtime/cli/project.ts';

const project = projects();

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
  loud: { topic: ${name}-loud, ${text}, partitions: 2 }
stages:
  shout: { from: said, map-values: { expr: 'value + "!"' }, to: loud }
  counts: { from: said, group-by: key, count: { store: counts }, drop: [out] }
`;
}

/** A folder with a topology and a runner file for a Kafka cluster, and the real command line in it. */
export class KafkaProject {
  readonly folder: string;
  private readonly options: KafkaProjectOptions;

  constructor(options: KafkaProjectOptions) {
    this.options = options;
    const { name, brokers, kafka = [], said } = options;
    const settings = [`brokers: [${brokers.map((it) => `'${it}'`).join(', ')}]`, ...kafka];
    this.folder = project({
      'package.json': '{ "type": "module" }\n',
      'millrace.yaml': `log: kafka\nkafka:\n${settings.map((line) => `  ${line}\n`).join('')}`,
      'words.yaml': wordsTopology(name, said),
      ...options.files,
    });
  }

  start(...args: readonly string[]): Cli {
    const { env } = this.options;
    return new Cli(args, { cwd: this.folder, ...(env === undefined ? {} : { env }) });
  }

  /** Runs a command to its end. */
  run(...args: readonly string[]): Promise<CliResult> {
    return this.start(...args).ended;
  }

  /** Compares with `test/golden/cli/NAME.txt` how `millrace run` ends. */
  async expectRun(golden: string, ...args: readonly string[]): Promise<void> {
    const all = ['run', 'words.yaml', '--until-caught-up', ...args];
    const { code, stdout, stderr } = await this.run(...all);
    // How a connection ends that both sides do not understand is a matter of moments.
    const steady = stderr.replace(/connection reset|the broker closed it(?= \()/, '<it ends>');
    await expectGolden(golden, all, { code, stdout, stderr: steady }, this.folder);
  }
}
