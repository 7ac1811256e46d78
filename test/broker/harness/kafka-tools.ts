import { spawn } from 'node:child_process';
import { programFlags, runJava } from './java.ts';
import { reapProcess } from './reaper.ts';

/** Main classes of Kafka's own tools, by the name of the script that runs each. */
export const kafkaTools = {
  'console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'console-producer': 'org.apache.kafka.tools.ConsoleProducer',
  'consumer-groups': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  'dump-log': 'org.apache.kafka.tools.DumpLogSegments',
  'get-offsets': 'org.apache.kafka.tools.GetOffsetShell',
  'streams-application-reset': 'org.apache.kafka.tools.StreamsResetter',
  acls: 'org.apache.kafka.tools.AclCommand',
  features: 'org.apache.kafka.tools.FeatureCommand',
  topics: 'org.apache.kafka.tools.TopicCommand',
  transactions: 'org.apache.kafka.tools.TransactionsCommand',
} as const;

/**
 * What a tool that speaks to a cluster writes to standard output, line by line.
 * @throws Error where it fails
 */
export async function runTool(
  name: keyof typeof kafkaTools,
  brokers: readonly string[],
  args: readonly string[],
): Promise<string[]> {
  const server = ['--bootstrap-server', brokers.join(',')];
  const { code, stdout, stderr } = await runJava(kafkaTools[name], [...server, ...args]);
  if (code === 0) return stdout.trimEnd().split('\n');
  throw new Error(`${name} ${args.join(' ')} ended with code ${code}:\n${stdout}${stderr}`);
}

/** A Java program that goes on while the test does. It dies with this process. */
export interface JavaProcess {
  /** Lines that it wrote to standard output so far. */
  readonly lines: readonly string[];
  /** What it wrote to standard error so far. */
  readonly errors: string;
  /** Writes a line to its standard input. */
  write(line: string): void;
  /**
   * The first line that satisfies the test, past or to come.
   * @throws Error after `timeoutMs` (30,000 by default), or where it ends before
   */
  waitFor(test: (line: string) => boolean, timeoutMs?: number): Promise<string>;
  /** Closes its standard input, and waits for its end. */
  end(): Promise<void>;
  /** Kills it with a signal, SIGTERM by default, and waits for its end. */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts a program as `runJava` does, without waiting for its end. @throws as `runJava` */
export async function startJava(program: string, args: readonly string[]): Promise<JavaProcess> {
  const all = [...(await programFlags(program)), ...args];
  const child = spawn('java', all, { detached: true, stdio: 'pipe' });
  reapProcess(child);
  const lines: string[] = [];
  const checks = new Set<() => void>();
  const wrote = { errors: '', partial: '' };
  const ended = new Promise<void>((resolve) => void child.once('close', () => resolve()));
  let over = false;
  child.stdin.on('error', () => {});
  child.stderr.setEncoding('utf8').on('data', (text: string) => (wrote.errors += text));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = `${wrote.partial}${text}`.split('\n');
    wrote.partial = parts.pop() ?? '';
    lines.push(...parts);
    for (const check of checks) check();
  });
  void ended.then(() => {
    over = true;
    for (const check of checks) check();
  });
  return {
    lines,
    get errors() {
      return wrote.errors;
    },
    write: (line) => void child.stdin.write(`${line}\n`),
    waitFor: (test, timeoutMs = 30_000) =>
      new Promise((resolve, reject) => {
        const fail = (what: string): void => {
          const last = [...lines.slice(-10), wrote.errors.slice(-2000)].join('\n');
          reject(new Error(`${program} ${what}; it wrote:\n${last}`));
        };
        const settle = (): void => {
          const line = lines.find(test);
          if (line === undefined && !over) return;
          checks.delete(settle);
          clearTimeout(timer);
          if (line === undefined) fail('ended before the line came');
          else resolve(line);
        };
        const timer = setTimeout(() => {
          checks.delete(settle);
          fail(`did not write the line in ${timeoutMs} ms`);
        }, timeoutMs);
        checks.add(settle);
        settle();
      }),
    end: () => {
      child.stdin.end();
      return ended;
    },
    kill: (signal = 'SIGTERM') => {
      child.kill(signal);
      return ended;
    },
  };
}
