import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { durationMs } from '../../../topology/core/duration.ts';
import type { BehaviourSettings } from './behaviour.ts';

/** What the provider's command line says. */
export interface ProviderArguments extends BehaviourSettings {
  /** 0: any free one. */
  readonly port: number;
  /** Address to listen on. */
  readonly host: string;
  readonly ledger: string;
  /** Exit after this time without a request, ms; undefined: never. */
  readonly idleExitMs: number | undefined;
}

/** Options that `npm start` hands on to the provider it starts. */
export function addBehaviourOptions(command: Command): Command {
  return command
    .addOption(new Option('--seed <number>', 'seed of every choice').argParser(whole).default(1))
    .addOption(
      new Option('--latency <duration>', 'mean time that a charge takes')
        .argParser(duration)
        .default(5, '5ms'),
    )
    .addOption(
      new Option('--decline-rate <share>', 'share of charges that are declined, 0 to 1')
        .argParser(share)
        .default(0.03),
    )
    .addOption(
      new Option('--cut-rate <share>', 'share of charges whose answer is lost, 0 to 1')
        .argParser(share)
        .default(0),
    )
    .addOption(
      new Option('--outage <every/for>', 'an outage in each period, such as 30s/2s').argParser(
        outage,
      ),
    )
    .addOption(
      new Option('--answers <rule>', 'what an approval depends on')
        .choices(['by-key', 'by-turn'])
        .default('by-turn'),
    );
}

/** The behaviour that parsed options of {@link addBehaviourOptions} describe. */
export function behaviourSettings(options: BehaviourOptions): BehaviourSettings {
  return {
    seed: options.seed,
    latencyMs: options.latency,
    declineRate: options.declineRate,
    cutRate: options.cutRate,
    outage: options.outage,
    answers: options.answers,
  };
}

/** The command line that gives these settings, without `--port` and `--ledger`. */
export function behaviourArguments(settings: BehaviourSettings): string[] {
  const { seed, latencyMs, declineRate, cutRate, outage, answers } = settings;
  const args = ['--seed', String(seed), '--latency', `${latencyMs}ms`, '--answers', answers];
  args.push('--decline-rate', String(declineRate), '--cut-rate', String(cutRate));
  if (outage !== undefined) args.push('--outage', `${outage.everyMs}ms/${outage.forMs}ms`);
  return args;
}

/** Tells providers apart: equal for the same ledger and the same settings. */
export function providerIdentity(ledger: string, settings: BehaviourSettings): string {
  const text = [resolve(ledger), ...behaviourArguments(settings)].join('\n');
  return createHash('sha256').update(text).digest('hex');
}

/** Shape of commander's options for {@link addBehaviourOptions}. */
export interface BehaviourOptions {
  readonly seed: number;
  readonly latency: number;
  readonly declineRate: number;
  readonly cutRate: number;
  readonly outage?: { readonly everyMs: number; readonly forMs: number };
  readonly answers: 'by-key' | 'by-turn';
}

interface ProviderOptions extends BehaviourOptions {
  readonly port: number;
  readonly host: string;
  readonly ledger: string;
  readonly idleExit?: number;
}

/**
 * Parses the provider's arguments (without `node` and the script).
 *
 * **Gotchas** Help and wrong usage print and throw commander's `CommanderError`.
 */
export function parseProviderArguments(args: readonly string[]): ProviderArguments {
  const command = new Command('provider')
    .description('A payment provider over HTTP, with a ledger that honours idempotency keys.')
    .exitOverride()
    .requiredOption('--ledger <file>', 'where charges are kept')
    .addOption(new Option('--port <number>', 'port, 0 for any free one').argParser(port).default(0))
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .addOption(
      new Option('--idle-exit <duration>', 'exit after this long without a request').argParser(
        duration,
      ),
    )
    .addHelpText('after', '\nExample:\n  $ provider --port 8081 --ledger ledger.jsonl --seed 7');
  addBehaviourOptions(command).parse(args, { from: 'user' });
  const options = command.opts<ProviderOptions>();
  return {
    ...behaviourSettings(options),
    port: options.port,
    host: options.host,
    ledger: options.ledger,
    idleExitMs: options.idleExit,
  };
}

/** A whole number of 0 or more, of an option. */
export function whole(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('give a whole number, 0 or more');
  return Number(text);
}

/** A port, of an option; 0: any free one. */
export function port(text: string): number {
  const value = whole(text);
  if (value > 65_535) throw new InvalidArgumentError('give a port from 0 to 65535');
  return value;
}

/** A share from 0 to 1, of an option. */
export function share(text: string): number {
  const value = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError('give a share from 0 to 1');
  return value;
}

/** A duration, of an option, in ms. */
export function duration(text: string): number {
  const ms = durationMs(text);
  if (ms === undefined) throw new InvalidArgumentError('give a duration like 250ms, 5s or 1m');
  return ms;
}

function outage(text: string): { everyMs: number; forMs: number } {
  const [every, long, ...more] = text.split('/');
  const everyMs = durationMs(every ?? '');
  const forMs = durationMs(long ?? '');
  if (everyMs === undefined || forMs === undefined || more.length > 0 || everyMs <= forMs) {
    throw new InvalidArgumentError('give two durations, the longer first, like 30s/2s');
  }
  return { everyMs, forMs };
}
