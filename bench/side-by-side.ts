/** One contender: runs its work once, and says how many records it handled in how much time (what it prepared not counted). */
export interface Contender {
  readonly name: string;
  run(): Promise<{ readonly records: number; readonly elapsedMs: number }>;
}

export interface Measured {
  readonly name: string;
  /** Records per second, of the median, fastest and slowest round. */
  readonly median: number;
  readonly best: number;
  readonly worst: number;
}

/** Runs contenders in turn, `rounds` times, so that whatever else the machine does hits all of them. The first round of each is for warming up and not counted. */
export async function sideBySide(
  contenders: readonly Contender[],
  rounds: number,
): Promise<Measured[]> {
  const rates = contenders.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [i, contender] of contenders.entries()) {
      globalThis.gc?.();
      const { records, elapsedMs } = await contender.run();
      if (round > 0) (rates[i] as number[]).push((records / elapsedMs) * 1000);
    }
  }
  return contenders.map(({ name }, i) => {
    const sorted = (rates[i] as number[]).toSorted((a, b) => a - b);
    return {
      name,
      median: sorted[Math.floor(sorted.length / 2)] as number,
      best: sorted.at(-1) as number,
      worst: sorted[0] as number,
    };
  });
}

/** A line per contender: rate, spread, and share of the first one's. */
export function report(title: string, measured: readonly Measured[], bar: number): string {
  const [base] = measured;
  const lines = measured.map(({ name, median, best, worst }, i) => {
    const share = i === 0 ? '' : `  ${((100 * median) / (base as Measured).median).toFixed(1)} %`;
    const spread = `(${thousands(worst)} to ${thousands(best)})`;
    return `  ${name.padEnd(34)} ${thousands(median).padStart(11)} records/s ${spread.padEnd(26)}${share}`;
  });
  return `${title}; bar: ${bar} % of the bare loop\n${lines.join('\n')}\n`;
}

function thousands(rate: number): string {
  return Math.round(rate).toLocaleString('en-US');
}
