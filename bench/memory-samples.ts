import { readFileSync } from 'node:fs';

/** Memory of a process at one moment, MiB, from `/proc/PID/status`. */
export interface MemorySample {
  /** Since the process was started, s. */
  readonly seconds: number;
  /** Everything resident: `anonymous` and `file`, and shared memory. */
  readonly resident: number;
  /** Heaps and stacks. */
  readonly anonymous: number;
  /** Pages of mapped files: the node program, and what LMDB maps. */
  readonly file: number;
}

/** The memory of a process now; undefined when there is no such process (any more). */
export function sampleMemory(pid: number, seconds: number): MemorySample | undefined {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    return undefined;
  }
  const field = (name: string): number | undefined => {
    const kib = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1];
    return kib === undefined ? undefined : Number(kib) / 1024;
  };
  const resident = field('VmRSS');
  if (resident === undefined) return undefined;
  return { seconds, resident, anonymous: field('RssAnon') ?? 0, file: field('RssFile') ?? 0 };
}

/** Slope of a least-squares line through the resident memory of the samples, MiB per minute. */
export function slope(samples: readonly MemorySample[]): number {
  const n = samples.length;
  if (n < 2) return 0;
  const meanTime = samples.reduce((sum, { seconds }) => sum + seconds, 0) / n;
  const meanSize = samples.reduce((sum, { resident }) => sum + resident, 0) / n;
  let products = 0;
  let squares = 0;
  for (const { seconds, resident } of samples) {
    products += (seconds - meanTime) * (resident - meanSize);
    squares += (seconds - meanTime) ** 2;
  }
  return squares === 0 ? 0 : (products / squares) * 60;
}

const chartRows = 12;
const chartColumns = 72;

/** A text chart over time: `#` is the anonymous part of the largest sample of a column, `+` the files on top. */
export function chart(samples: readonly MemorySample[]): string {
  const end = samples.at(-1)?.seconds ?? 0;
  const columns: (MemorySample | undefined)[] = Array.from({ length: chartColumns });
  for (const sample of samples) {
    const at = Math.min(chartColumns - 1, Math.floor((sample.seconds / (end || 1)) * chartColumns));
    if ((columns[at]?.resident ?? 0) < sample.resident) columns[at] = sample;
  }
  // A short run has fewer samples than columns.
  for (let i = 1; i < columns.length; i++) columns[i] ??= columns[i - 1];
  const top = Math.max(...samples.map(({ resident }) => resident), 1);
  const lines: string[] = [];
  for (let row = chartRows; row > 0; row--) {
    const level = (top * row) / chartRows;
    const reach = level - top / (2 * chartRows);
    const cells = columns.map((sample) => {
      if (sample === undefined || sample.resident < reach) return ' ';
      return sample.anonymous >= reach ? '#' : '+';
    });
    lines.push(`${Math.round(level).toString().padStart(6)} MiB |${cells.join('')}`);
  }
  const axis = `${' '.repeat(11)}0 s${`${Math.round(end)} s`.padStart(chartColumns - 2)}`;
  return `${lines.join('\n')}\n${axis}\n            # anonymous   + mapped files`;
}
