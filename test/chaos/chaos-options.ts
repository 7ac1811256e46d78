import { parseArgs } from 'node:util';

/** What the command line of `npm run test:chaos` says. */
export type ChaosOptions =
  | {
      readonly what: 'embedded';
      readonly seed: number;
      readonly orders: number;
      readonly kills: number;
    }
  | {
      readonly what: 'calls';
      readonly seed: number;
      /** For each step of a call. */
      readonly kills: number;
      /** How long kills come; undefined: until all have come. */
      readonly minutes: number | undefined;
    }
  | {
      readonly what: 'kafka';
      readonly seed: number;
      readonly orders: number;
      /** How long faults come, both campaigns together. */
      readonly minutes: number;
      readonly members: number;
    };

export const chaosUsage = [
  'usage: npm run test:chaos -- [--kills N] [--orders N] [--seed S]',
  '       npm run test:chaos -- --calls [--kills N] [--minutes N] [--seed S]',
  '       npm run test:chaos -- --log kafka [--minutes N] [--orders N] [--members M] [--seed S]',
  '',
  'Kills the order system again and again, and checks what it leaves behind.',
  '--calls aims each kill at a step of a call, N (50) for each step and effect;',
  '--minutes ends its kills early: what was done until then is verified.',
].join('\n');

/** Orders a minute, where their number is not given: what two busy cores stand. */
const ordersPerMinute = 500;

/** The options of a command line, or what to say of it. */
export function parseChaosOptions(args: readonly string[]): ChaosOptions | string {
  const texts = textsOf(args);
  if (texts === undefined) return chaosUsage;
  const { log = 'embedded', calls = false, help = false, ...rest } = texts;
  if (help) return chaosUsage;
  const seed = whole(rest.seed ?? String(Date.now() % 1_000_000), 0);
  const kills = whole(rest.kills ?? (calls ? '50' : '100'), calls ? 1 : 0);
  const minutes = whole(rest.minutes ?? '4', 1);
  const members = whole(rest.members ?? '4', 2);
  const orders = whole(
    rest.orders ?? String(log === 'kafka' ? minutes * ordersPerMinute : 5000),
    1,
  );
  if ([seed, kills, minutes, members, orders].some((it) => Number.isNaN(it))) return chaosUsage;
  if (log === 'embedded') {
    const foreign = calls ? rest.orders : rest.minutes;
    if (foreign !== undefined || rest.members !== undefined) return chaosUsage;
    if (!calls) return { what: 'embedded', seed, orders, kills };
    return {
      what: 'calls',
      seed,
      kills,
      minutes: rest.minutes === undefined ? undefined : minutes,
    };
  }
  if (log !== 'kafka' || calls || rest.kills !== undefined) return chaosUsage;
  return { what: 'kafka', seed, orders, minutes, members };
}

function textsOf(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = {
    help: { type: 'boolean' },
    calls: { type: 'boolean' },
    log: text,
    kills: text,
    orders: text,
    seed: text,
    minutes: text,
    members: text,
  } as const;
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch {
    return undefined;
  }
}

/** NaN for anything but a whole number from `least` up. */
function whole(text: string, least: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) && value >= least ? value : Number.NaN;
}
