import { ProcessingError } from '../core/errors.ts';

/*
 * Time at run time: time stamps are ms since epoch (µs where the Avro type is timestamp-micros),
 * durations ms, possibly with a fraction.
 */

const minTimestamp = -62_135_596_800_000;
const maxTimestamp = 253_402_300_799_999;

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)T\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/**
 * Milliseconds since epoch of an RFC 3339 text, `2017-01-02T12:00:00Z`; undefined if it is none.
 * Digits below the millisecond are cut off.
 */
export function parseTimestamp(text: string): number | undefined {
  const match = rfc3339.exec(text);
  if (match === null) return undefined;
  const [, year, month, day] = match.map(Number) as [number, number, number, number];
  // Date.parse takes a 30th of February for the 1st of March.
  if (day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return undefined;
  const ms = Date.parse(text);
  return ms >= minTimestamp && ms <= maxTimestamp ? ms : undefined;
}

const unitMs: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6,
};

/** Milliseconds of a CEL duration, `1h30m` or `-1.5s`; undefined if it is none. */
export function parseCelDuration(text: string): number | undefined {
  if (!/^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(amount) * (unitMs[unit as string] as number);
  }
  return text.startsWith('-') ? 0 - total : total;
}

/** Clock reading in a time zone, as parts. */
export type ZoneClock = (ms: number) => Date;

/**
 * A function that gives, for ms since epoch, a date whose UTC parts are what the clocks in `zone`
 * show; undefined if there is no such zone. `zone` is an IANA name or an offset such as `+02:00`.
 */
export function zoneClock(zone: string): ZoneClock | undefined {
  if (zone === 'UTC') return (ms) => new Date(ms);
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: /^\d\d:\d\d$/.test(zone) ? `+${zone}` : zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    return undefined;
  }
  return (ms) => {
    const parts: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(ms)) parts[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return new Date(
      Date.UTC(year, month - 1, day, hour, minute, second, ((ms % 1000) + 1000) % 1000),
    );
  };
}

function dayOfYear(date: Date): number {
  return Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000);
}

function toText(date: Date): string {
  return date.toISOString().replace('.000Z', 'Z');
}

/** Helpers about time; the part of `helpers` that is about dates. */
export const timeHelpers = {
  timestampOfText: (text: string): number => {
    const ms = parseTimestamp(text);
    if (ms !== undefined) return ms;
    throw new ProcessingError(
      'EXPRESSION_CONVERSION',
      `"${text}" is no time stamp: write it like 2017-01-02T12:00:00Z`,
    );
  },
  timestampOfSeconds: (seconds: number): number => {
    const ms = seconds * 1000;
    if (ms >= minTimestamp && ms <= maxTimestamp) return ms;
    throw new ProcessingError(
      'EXPRESSION_CONVERSION',
      `${seconds} seconds are outside the years 1 to 9999`,
    );
  },
  durationOfText: (text: string): number => {
    const ms = parseCelDuration(text);
    if (ms !== undefined) return ms;
    throw new ProcessingError(
      'EXPRESSION_CONVERSION',
      `"${text}" is no duration: write it like 1h30m or 250ms`,
    );
  },
  timestampToText: (ms: number): string => toText(new Date(ms)),
  durationToText: (ms: number): string => `${ms / 1000}s`,
  wholeSeconds: (ms: number): number => Math.floor(ms / 1000),
  msToUs: (ms: number): number => ms * 1000,
  msToUsOrNull: (ms: number | null): number | null => (ms == null ? null : ms * 1000),
  usToMs: (us: number): number => Math.floor(us / 1000),
  /** Time stamps are whole units: durations are rounded down to them. */
  addTime: (time: number, duration: number): number => time + Math.floor(duration),
  subtractTime: (time: number, duration: number): number => time - Math.floor(duration),
  addTimeUs: (time: number, duration: number): number => time + Math.floor(duration * 1000),
  subtractTimeUs: (time: number, duration: number): number => time - Math.floor(duration * 1000),

  utc: (ms: number): Date => new Date(ms),
  inZone: (ms: number, clock: ZoneClock): Date => clock(ms),
  fullYear: (date: Date): number => date.getUTCFullYear(),
  month: (date: Date): number => date.getUTCMonth(),
  date: (date: Date): number => date.getUTCDate(),
  dayOfMonth: (date: Date): number => date.getUTCDate() - 1,
  dayOfWeek: (date: Date): number => date.getUTCDay(),
  dayOfYear,
  hours: (date: Date): number => date.getUTCHours(),
  minutes: (date: Date): number => date.getUTCMinutes(),
  seconds: (date: Date): number => date.getUTCSeconds(),
  milliseconds: (date: Date): number => date.getUTCMilliseconds(),

  durationHours: (ms: number): number => Math.trunc(ms / 3_600_000) + 0,
  durationMinutes: (ms: number): number => Math.trunc(ms / 60_000) + 0,
  durationSeconds: (ms: number): number => Math.trunc(ms / 1000) + 0,
  durationMilliseconds: (ms: number): number => Math.trunc(ms) + 0,
} as const;
