import { ConfigError } from './errors.ts';

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A duration as people write it: `250ms`, `5s`, `1m30s`, `24h`, `7d`, or a number of milliseconds. */
export type Duration = string | number;

/** Milliseconds of a duration text, or undefined if it is none. Parts are added: `1m30s`. Whole milliseconds only. */
export function durationMs(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    total += Number(amount) * (unitMs[unit as string] as number);
  }
  return Number.isInteger(total) && Number.isSafeInteger(total) ? total : undefined;
}

/**
 * Milliseconds of a duration.
 * @throws {ConfigError} OPTION_DURATION when it is neither a duration text nor a whole number ≥ 0
 */
export function parseDuration(duration: Duration, what: string): number {
  const ms = typeof duration === 'number' ? duration : durationMs(duration);
  if (ms === undefined || !Number.isSafeInteger(ms) || ms < 0) {
    throw new ConfigError(
      'OPTION_DURATION',
      `${what} is "${duration}", which is no duration: write it like 250ms, 5s, 1m30s, 24h or 7d`,
    );
  }
  return ms;
}

/** A duration as people write it, in the largest units: `1m30s`; `0ms` for none. */
export function durationText(ms: number): string {
  const parts: string[] = [];
  let rest = ms;
  for (const unit of ['d', 'h', 'm', 's', 'ms']) {
    const size = unitMs[unit] as number;
    const count = Math.floor(rest / size);
    if (count > 0) parts.push(`${count}${unit}`);
    rest -= count * size;
  }
  return parts.join('') || '0ms';
}
