import { parseArgs } from 'node:util';

/** What the command line of `npm run test:chaos` says. */
export type ChaosOptions =
  | {
      readonly log: 'embedded';
      readonly seed: number;
      readonly orders: number;
      readonly kills: number;
    }
  | {
      readonly log: 'kafka';
      readonly seed: number;
      readonly orders: number;
      /** How long faults come, both campaigns together. */
      readonly minutes: number;
      readonly members: number;
    };

export const chaosUsage = [
  'usage: npm run test:chaos -- [--kills N] [--orders N] [--seed S]',
  '       npm run test:chaos -- --log kafka [--minutes N] [--orders N] [--members M] [--seed S]',
].join('\n');

/** Orders a minute, where their number is not given: what two busy cores stand. */
const ordersPerMinute = 500;

/** The options of a command line, or what to say of it. */
export function parseChaosOptions(args: readonly string[]): ChaosOptions | string {
  const texts = textsOf(args);
  if (texts === undefined) return chaosUsage;
  const { log = 'embedded', ...rest } = texts;
  const seed = whole(rest.seed ?? String(Date.now() % 1_000_000), 0);
  const kills = whole(rest.kills ?? '100', 0);
  const minutes = whole(rest.minutes ?? '4', 1);
  const members = whole(rest.members ?? '4', 2);
  const orders = whole(
    rest.orders ?? String(log === 'kafka' ? minutes * ordersPerMinute : 5000),
    1,
  );
  if ([seed, kills, minutes, members, orders].some((it) => Number.isNaN(it))) return chaosUsage;
  if (log === 'embedded') {
    const foreign = rest.minutes !== undefined || rest.members !== undefined;
    return foreign ? chaosUsage : { log, seed, orders, kills };
  }
  if (log !== 'kafka' || rest.kills !== undefined) return chaosUsage;
  return { log, seed, orders, minutes, members };
}

function textsOf(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = {
    log: text,
    kills: text,
    orders: text,
    seed: text,
    minutes: text,
    members: text,
  };
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
