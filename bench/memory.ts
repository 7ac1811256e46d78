import { spawn } from 'node:child_process';
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import avsc from 'avsc';
import { Command, InvalidArgumentError } from 'commander';
import { sampleBaskets } from '../runtime/orders/start-options.ts';
import { chart, sampleMemory, slope } from './memory-samples.ts';
import type { MemorySample } from './memory-samples.ts';

/*
 * Resident memory of the order system while it runs: `npm run bench:memory -- [--orders FILE]
 * [--baskets N]`. Starts it as `npm start` does, in a process of its own, samples that process from
 * `/proc` (Linux only), and says whether it stays below the bar and flat. Exit code 1: it does not.
 */
const barMiB = 512;
/** Steepest rise over the second half of a run that still counts as flat, MiB a minute. */
const flatMiBPerMinute = 10;
/** Shortest second half of which a slope can be told, s. */
const leastSeconds = 60;
const everyMs = 1000;

interface Options {
  readonly orders: string;
  readonly baskets?: number;
  readonly sync: string;
  readonly node: string;
  readonly samples: boolean;
}

const options = new Command('npm run bench:memory --')
  .option('--orders <file>', 'Avro file of baskets', sampleBaskets)
  .option('--baskets <n>', 'only the first n baskets of it', count)
  .option('--sync <mode>', 'as of npm start', 'commit')
  .option('--node <flags>', 'flags for node, to compare', '')
  .option('--samples', 'print every sample', false)
  .parse()
  .opts<Options>();

const folder = mkdtempSync(join(tmpdir(), 'millrace-memory-'));
try {
  process.exitCode = await main();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function main(): Promise<number> {
  if (!existsSync('/proc/self/status')) {
    process.stderr.write('this benchmark needs /proc: run it on Linux\n');
    return 2;
  }
  const orders =
    options.baskets === undefined ? options.orders : await firstBaskets(options.baskets);
  const samples: MemorySample[] = [];
  const started = performance.now();
  // The arguments of the npm script, without npm's processes around it.
  const [program, ...args] = startScript();
  const flags = options.node.split(' ').filter((flag) => flag !== '');
  const child = spawn(
    program === 'node' ? process.execPath : String(program),
    [...flags, ...args, '--orders', orders, '--data', join(folder, 'data'), '--sync', options.sync],
    { cwd: fileURLToPath(new URL('..', import.meta.url)), stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let summary = '';
  child.stdout.on('data', (chunk: Buffer) => (summary += chunk.toString()));
  const timer = setInterval(() => {
    const sample = sampleMemory(child.pid as number, (performance.now() - started) / 1000);
    if (sample !== undefined) samples.push(sample);
  }, everyMs);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearInterval(timer);
  process.stdout.write(`${summary}\n`);
  if (code !== 0) {
    process.stderr.write(`the order system ended with exit code ${code}\n`);
    return 1;
  }
  return report(samples);
}

function report(samples: readonly MemorySample[]): number {
  const last = samples.at(-1);
  if (last === undefined) {
    process.stderr.write('the run was over before the first sample: take more baskets\n');
    return 1;
  }
  const line = (name: string, { seconds, resident, anonymous, file }: MemorySample): string =>
    [Math.round(seconds), ...[resident, anonymous, file].map((mib) => mib.toFixed(0))]
      .map((text) => String(text).padStart(10))
      .join('')
      .replace(/^/, name.padEnd(10));
  const peak = samples.reduce((a, b) => (a.resident >= b.resident ? a : b));
  const lines = [chart(samples), '', '                   s  resident anonymous     files   (MiB)'];
  if (options.samples) lines.push(...samples.map((sample) => line('', sample)));
  for (const share of [0.25, 0.5, 0.75, 1]) {
    const at = samples.find(({ seconds }) => seconds >= share * last.seconds) ?? last;
    lines.push(line(`${share * 100} %`, at));
  }
  lines.push(line('peak', peak), '');
  const below = peak.resident < barMiB;
  lines.push(`peak ${peak.resident.toFixed(0)} MiB, bar ${barMiB} MiB: ${verdict(below)}`);
  const half = samples.filter(({ seconds }) => seconds >= last.seconds / 2);
  const rise = slope(half);
  const told = last.seconds / 2 >= leastSeconds;
  const flat = !told || rise <= flatMiBPerMinute;
  lines.push(
    `second half rises by ${rise.toFixed(1)} MiB/min, bar ${flatMiBPerMinute}: ` +
      (told ? verdict(flat) : 'not judged, the run is too short'),
  );
  process.stdout.write(`${lines.join('\n')}\n`);
  return below && flat ? 0 : 1;
}

function verdict(met: boolean): string {
  return met ? 'met' : 'MISSED';
}

function startScript(): string[] {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const { scripts } = JSON.parse(text) as { scripts: { start: string } };
  return scripts.start.split(' ');
}

/** A file with the first baskets of the one that was asked for. */
async function firstBaskets(limit: number): Promise<string> {
  const path = join(folder, 'baskets.avro');
  const decoder = new avsc.streams.BlockDecoder();
  const type = new Promise<avsc.Type>((resolve) => decoder.once('metadata', resolve));
  const source = createReadStream(options.orders);
  source.pipe(decoder);
  const encoder = new avsc.streams.BlockEncoder((await type).schema(), { codec: 'deflate' });
  const written = finished(encoder.pipe(createWriteStream(path)));
  let taken = 0;
  for await (const basket of decoder) {
    encoder.write(basket);
    taken += 1;
    if (taken === limit) break;
  }
  source.destroy();
  encoder.end();
  await written;
  return path;
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('give a number from 1');
  return value;
}
